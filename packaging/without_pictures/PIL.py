"""Stands for Pillow in the frozen folder, and says what reportlab asks it for: there is none.

Our papers hold no raster picture (a test sees to it), and Pillow's decoders are 7 MB that foreign bytes could attack.
reportlab knows this state by the name `haveImages` and refuses to draw a picture.
"""

Image = None
