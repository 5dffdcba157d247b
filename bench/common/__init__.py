"""What bench/mock and bench/peers share: installing, starting and watching servers."""
