"""What notebooks 06 and 07 and the recorded results measure."""
