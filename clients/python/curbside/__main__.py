"""`python -m curbside`: a consult from the terminal."""

from curbside.terminal import main

if __name__ == "__main__":
    main()
