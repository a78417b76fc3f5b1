"""Files of other people: readers, columns and their roles, repairs, and the set they make."""
