# Finds what the library stands on. deal.II comes first: it decides on the build
# type and brings the Kokkos that everything else has to share.

if(LSR_WITH_DEALII)
  find_package(deal.II 9.4 REQUIRED HINTS ${DEAL_II_DIR} $ENV{DEAL_II_DIR})
  set(_missing)
  foreach(_feature TRILINOS MPI P4EST)
    if(NOT DEAL_II_WITH_${_feature})
      list(APPEND _missing ${_feature})
    endif()
  endforeach()
  if(_missing)
    string(REPLACE ";" ", " _missing "${_missing}")
    message(FATAL_ERROR
      "deal.II in ${deal.II_DIR} was built without ${_missing}, which dealii_lsr "
      "needs. Use a deal.II that has it, or build the core alone with "
      "-DLSR_WITH_DEALII=OFF.")
  endif()
  if(NOT LSR_WITH_MPI)
    message(FATAL_ERROR "LSR_WITH_MPI=OFF is for the core alone: set LSR_WITH_DEALII=OFF, too.")
  endif()

  # The part of Trilinos that multiplies and solves: the one that deal.II has its
  # matrices in. To Tpetra Epetra's can be copied, which is for tests.
  set(_backends Epetra Tpetra)
  if(deal.II_VERSION VERSION_GREATER_EQUAL 9.8 AND NOT DEAL_II_TRILINOS_WITH_EPETRA)
    set(_backends Tpetra)
  endif()
  list(GET _backends 0 _backend)
  set(LSR_SPARSE_BACKEND ${_backend} CACHE STRING "Part of Trilinos for sparse matrices: Epetra or Tpetra")
  if(NOT LSR_SPARSE_BACKEND IN_LIST _backends)
    list(JOIN _backends " or " _expected)
    message(FATAL_ERROR
      "LSR_SPARSE_BACKEND is \"${LSR_SPARSE_BACKEND}\", expected ${_expected}, which this "
      "deal.II's matrices can be used with.")
  endif()
  # The other one, where both are there; a test compares them.
  find_path(LSR_MUELU_INCLUDE_DIR MueLu_CreateTpetraPreconditioner.hpp
    HINTS ${DEAL_II_INCLUDE_DIRS} PATH_SUFFIXES trilinos)
  set(LSR_OTHER_SPARSE_BACKEND)
  if(LSR_MUELU_INCLUDE_DIR AND Epetra IN_LIST _backends)
    set(LSR_OTHER_SPARSE_BACKEND ${_backends})
    list(REMOVE_ITEM LSR_OTHER_SPARSE_BACKEND ${LSR_SPARSE_BACKEND})
  endif()
endif()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug or Release" FORCE)
endif()
if(LSR_WITH_DEALII AND NOT CMAKE_BUILD_TYPE MATCHES "^(Debug|Release)$")
  message(FATAL_ERROR
    "CMAKE_BUILD_TYPE is \"${CMAKE_BUILD_TYPE}\"; deal.II knows Debug and Release.")
endif()
if(NOT CMAKE_CXX_STANDARD)
  set(CMAKE_CXX_STANDARD 17)
endif()

if(LSR_WITH_MPI)
  find_package(MPI REQUIRED COMPONENTS CXX)
endif()

include("${PROJECT_SOURCE_DIR}/plugin/dealii_lsr_find_kokkos.cmake")
dealii_lsr_find_kokkos()

# Where Kokkos computes on a GPU, so does the library, with cuSOLVER for what
# Kokkos Kernels leaves out.
set(LSR_WITH_CUDA OFF)
if("CUDA" IN_LIST Kokkos_DEVICES)
  set(LSR_WITH_CUDA ON)
  find_package(CUDAToolkit REQUIRED)
endif()

# Debian 12 has Kokkos Kernels inside Trilinos, whose package predates the
# imported target.
find_package(KokkosKernels REQUIRED)
if(NOT TARGET Kokkos::kokkoskernels)
  add_library(Kokkos::kokkoskernels INTERFACE IMPORTED)
  set_target_properties(Kokkos::kokkoskernels PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${KokkosKernels_INCLUDE_DIRS}"
    INTERFACE_LINK_LIBRARIES "${KokkosKernels_LIBRARIES}")
endif()

# Its threads are those of LibTorch, and of a BLAS that goes with it.
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(LAPACK REQUIRED)
find_package(Boost REQUIRED)

# deal.II's HDF5 is the parallel one where there is one, and two kinds in one
# process do not get along.
set(HDF5_PREFER_PARALLEL ${LSR_WITH_MPI})
find_package(HDF5 REQUIRED COMPONENTS C)
set(LSR_PYTORCH_DIR "" CACHE PATH "Folder torch of Python's PyTorch, in the place of an installed LibTorch")
if(LSR_PYTORCH_DIR)
  include(PythonTorch)
else()
  find_package(Torch REQUIRED)
endif()

# The package's own CMake files ask for its command-line tools, too.
find_path(LIBZIP_INCLUDE_DIR zip.h REQUIRED)
find_library(LIBZIP_LIBRARY zip REQUIRED)

# Compressed arrays of VTK's files.
find_package(ZLIB REQUIRED)

# Checksums of network files. Debian's HDF5 asks for its headers already.
find_package(OpenSSL REQUIRED COMPONENTS Crypto)

# The newest language standard that a dependency asks for.
if(CMAKE_CXX_STANDARD LESS 20
   AND (Torch_VERSION VERSION_GREATER_EQUAL 2.13 OR Kokkos_VERSION VERSION_GREATER_EQUAL 5))
  set(CMAKE_CXX_STANDARD 20)
endif()

find_package(nlohmann_json 3 REQUIRED)
find_package(CLI11 2 REQUIRED)
