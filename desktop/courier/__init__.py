"""`rufaa-send`, the courier: carries sealed bytes to the Secretariat's server over a weak line, and brings receipts.

A process of its own that holds no key and reads no file: it gets one job and sealed bytes on standard input, and
answers on standard output. It imports nothing of Rufaa but this package, and nothing of Rufaa imports it.
"""
