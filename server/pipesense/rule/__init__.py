"""What a rule is: metadata, messages, findings, offers of fixes, its page, and the harness that runs the page."""
