"""Session descriptions: what is offered, answered and agreed."""
