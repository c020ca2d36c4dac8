"""What fills the terminal: the pump, the box that changes its flow, the help. One style sheet beside each."""
