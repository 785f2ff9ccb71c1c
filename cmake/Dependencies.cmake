# Finds what the library stands on. deal.II comes first: it decides on the build
# type and brings the Kokkos that everything else has to share.

if(LSR_WITH_DEALII)
  find_package(deal.II 9.4 REQUIRED HINTS ${DEAL_II_DIR} $ENV{DEAL_II_DIR})
  foreach(_feature TRILINOS MPI P4EST MUPARSER SUNDIALS)
    if(NOT DEAL_II_WITH_${_feature})
      message(FATAL_ERROR "deal.II in ${deal.II_DIR} was built without ${_feature}, which dealii_lsr needs.")
    endif()
  endforeach()
  if(NOT LSR_WITH_MPI)
    message(FATAL_ERROR "LSR_WITH_MPI=OFF is for the core alone: set LSR_WITH_DEALII=OFF, too.")
  endif()
  deal_ii_initialize_cached_variables()
endif()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug or Release" FORCE)
endif()
if(NOT CMAKE_CXX_STANDARD)
  set(CMAKE_CXX_STANDARD 17)
endif()

if(LSR_WITH_MPI)
  find_package(MPI REQUIRED COMPONENTS CXX)
endif()

# Debian has Kokkos and Kokkos Kernels inside Trilinos 13, whose targets point
# to folders that do not exist or are missing.
find_package(Kokkos REQUIRED)
find_package(KokkosKernels REQUIRED)
if(Kokkos_INCLUDE_DIRS)
  set_target_properties(Kokkos::kokkos PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${Kokkos_INCLUDE_DIRS}")
endif()
if(NOT TARGET Kokkos::kokkoskernels)
  add_library(Kokkos::kokkoskernels INTERFACE IMPORTED)
  set_target_properties(Kokkos::kokkoskernels PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${KokkosKernels_INCLUDE_DIRS}"
    INTERFACE_LINK_LIBRARIES "${KokkosKernels_LIBRARIES}")
endif()

find_package(LAPACK REQUIRED)
find_package(Torch REQUIRED)
if(Torch_VERSION VERSION_GREATER_EQUAL 2.13 AND CMAKE_CXX_STANDARD LESS 20)
  set(CMAKE_CXX_STANDARD 20)
endif()

if(LSR_WITH_DEALII)
  find_path(GINAC_INCLUDE_DIR ginac/ginac.h REQUIRED)
  find_library(GINAC_LIBRARY ginac REQUIRED)
  find_package(nlohmann_json 3 REQUIRED)
endif()
