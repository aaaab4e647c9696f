"""What a guest may do by a page's link: look, add, take down, report."""
