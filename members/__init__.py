"""Who people are: accounts, availability, devices, and the vault that maps seats to accounts."""
