# Installed programs and libraries find each other wherever the folder is moved
# to, and the libraries outside of the system's folders that they were linked to.
file(RELATIVE_PATH _bin_to_lib
  "${CMAKE_INSTALL_FULL_BINDIR}" "${CMAKE_INSTALL_FULL_LIBDIR}")
set(CMAKE_INSTALL_RPATH "$ORIGIN" "$ORIGIN/${_bin_to_lib}")
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)

# The loader looks into the system's folders by itself, and distributions want no
# paths in what is installed there.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(CMAKE_SKIP_INSTALL_RPATH ON)
endif()
