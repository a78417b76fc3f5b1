"""The pages. Each goes from the view to a service to an empty state or a figure and its words."""
