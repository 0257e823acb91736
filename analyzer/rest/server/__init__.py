"""The array's own question, answered from history as of any instant, over HTTP.

It opens nothing but the store, and writes nothing.
"""
