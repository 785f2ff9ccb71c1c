# Compiles through ccache where it is installed and nothing else was asked for.
find_program(LSR_CCACHE ccache)
mark_as_advanced(LSR_CCACHE)
if(LSR_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${LSR_CCACHE}")
endif()
