"""What a finding says, and from which numbers."""
