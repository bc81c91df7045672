"""`python -m churnscope` is `churnscope`."""

from churnscope.cli.app import main

if __name__ == "__main__":
    main()
