# What Doxygen reads of headers and pages: formulas are written between single dollar signs,
# pictures are found by name.
/^```/,/^```/b
s/\\f\$/$/g
s/\$/\\f$/g
s#](\(\.\./\)*doc/pictures/#](#
