# cpack: Debian packages of the system that builds them (cmake --preset package).
#
# Two of them: who runs lsr needs deal.II's and LibTorch's libraries, who writes
# programs all of deal.II's headers, Trilinos' and CMake, too, which are more
# than twice as large.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr" OR NOT EXISTS /etc/debian_version)
  return()
endif()

# "1~deb12": newer than nothing, older than what the distribution may ship.
file(STRINGS /etc/os-release _release REGEX "^VERSION_ID=")
string(REGEX REPLACE "[^0-9.]" "" _release "${_release}")
file(STRINGS /etc/os-release _codename REGEX "^VERSION_CODENAME=")
string(REGEX REPLACE "^VERSION_CODENAME=" "" _codename "${_codename}")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME dealii-lsr)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_DEBIAN_PACKAGE_RELEASE "1~deb${_release}")
set(_version "${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_STRIP_FILES ON)

# Who builds the package is who answers for it, as for Debian's own tools.
set(_name "$ENV{DEBFULLNAME}")
set(_address "$ENV{DEBEMAIL}")
if(NOT _name OR NOT _address)
  set(_name "Unnamed packager of dealii_lsr")
  set(_address "nobody@example.org")
endif()
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${_name} <${_address}>")

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL runtime development)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME dealii-lsr)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION science)
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION
"The program lsr makes a trained network for a partial differential equation
one to several orders more accurate, without training: it linearizes the
network in a subspace of its parameters, assembles the residual of the
equation by deal.II's finite elements and solves one dense least-squares
problem. Networks are refined on data, too, and compared with the
finite-element solution.
.
This package has the program, its libraries, examples and the guide.")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS "python3") # draw.py
set(CPACK_DEBIAN_RUNTIME_PACKAGE_RECOMMENDS
  "libopenblas0-openmp, openmpi-bin, python3-matplotlib, python3-numpy")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SUGGESTS "dealii-lsr-dev, paraview")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME dealii-lsr-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION
"Headers, CMake package and the template of an equation for deal.II programs
that refine neural networks by the library dealii_lsr.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "dealii-lsr (= ${_version}), libdeal.ii-dev (>= ${DEAL_II_PACKAGE_VERSION}), libdeal.ii-dev (<< ${DEAL_II_PACKAGE_VERSION}.), cmake, g++, make")

# The linker that deal.II asks for without depending on it (Debian 13).
if("${DEAL_II_LINKER_FLAGS}" MATCHES "-fuse-ld=mold")
  string(APPEND CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS ", mold")
endif()

# The files that Debian asks for.
set(_debian "${PROJECT_BINARY_DIR}/debian")
file(WRITE "${_debian}/triggers" "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA "${_debian}/triggers")
string(TIMESTAMP _date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file("${PROJECT_SOURCE_DIR}/plugin/packaging/debian/changelog.in"
  "${_debian}/changelog.Debian" @ONLY)
configure_file("${PROJECT_SOURCE_DIR}/CHANGELOG.md" "${_debian}/changelog" COPYONLY)
execute_process(COMMAND gzip -9nf "${_debian}/changelog.Debian" "${_debian}/changelog"
  COMMAND_ERROR_IS_FATAL ANY)
foreach(_component runtime development)
  string(TOUPPER ${_component} _upper)
  install(FILES
    "${PROJECT_SOURCE_DIR}/plugin/packaging/debian/copyright"
    "${_debian}/changelog.Debian.gz"
    "${_debian}/changelog.gz"
    DESTINATION "share/doc/${CPACK_DEBIAN_${_upper}_PACKAGE_NAME}" COMPONENT ${_component})
endforeach()

include(CPack)
