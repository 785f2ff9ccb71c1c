# lsr_add_test(NAME SOURCES... [LIBRARIES ...] [MPI 1 2 4] [LABELS ...])
#
# Builds the GoogleTest executable tests/NAME and registers it with ctest: once
# as it is, or, with MPI, once for each number of ranks as NAME.mpirun=N.
# LIBRARIES defaults to the core; with the finite-element library among them
# the test is set up as a deal.II program.

set(LSR_TEST_SECONDS 600 CACHE STRING "Seconds after which a test is ended")

if(LSR_WITH_MPI)
  # Containers run as root and on fewer cores than ranks.
  execute_process(COMMAND ${MPIEXEC_EXECUTABLE} --version
                  OUTPUT_VARIABLE _mpiexec_version ERROR_QUIET)
  set(LSR_MPIEXEC_FLAGS)
  if(_mpiexec_version MATCHES "OpenRTE|Open MPI")
    set(LSR_MPIEXEC_FLAGS --oversubscribe --allow-run-as-root --bind-to none)
  endif()
endif()

# The main function, once for the core and once for deal.II programs.
add_library(lsr_test_main STATIC main.cc)
target_link_libraries(lsr_test_main dealii_lsr::core GTest::gtest)
if(LSR_WITH_DEALII)
  add_library(lsr_test_main_dealii STATIC main.cc)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    target_sources(lsr_test_main_dealii PRIVATE support/names_of_gcc.c)
  endif()
  deal_ii_setup_target(lsr_test_main_dealii)
  target_link_libraries(lsr_test_main_dealii dealii_lsr::core GTest::gtest)
  set_property(TARGET lsr_test_main_dealii
               APPEND PROPERTY COMPILE_DEFINITIONS LSR_TEST_WITH_DEALII)
endif()

function(lsr_add_test _name)
  cmake_parse_arguments(_test "" "" "LIBRARIES;MPI;LABELS" ${ARGN})
  if(NOT _test_LIBRARIES)
    set(_test_LIBRARIES dealii_lsr::core)
  endif()

  add_executable(${_name} ${_test_UNPARSED_ARGUMENTS})
  set_target_properties(${_name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  set(_main lsr_test_main)
  if("dealii_lsr::dealii_lsr" IN_LIST _test_LIBRARIES)
    deal_ii_setup_target(${_name})
    set(_main lsr_test_main_dealii)
  endif()
  # No keyword here: deal_ii_setup_target() uses none.
  target_link_libraries(${_name} ${_main} ${_test_LIBRARIES} GTest::gtest)

  if(_test_MPI)
    foreach(_ranks ${_test_MPI})
      add_test(NAME ${_name}.mpirun=${_ranks}
               COMMAND ${MPIEXEC_EXECUTABLE} ${LSR_MPIEXEC_FLAGS} ${MPIEXEC_NUMPROC_FLAG} ${_ranks}
                       $<TARGET_FILE:${_name}>)
      _lsr_set_test_properties(${_name}.mpirun=${_ranks} ${_ranks} 1 "${_test_LABELS};mpi")
    endforeach()
  else()
    add_test(NAME ${_name} COMMAND ${_name})
    _lsr_set_test_properties(${_name} 1 2 "${_test_LABELS}")
  endif()
endfunction()

# Tests run beside each other: threads that wait must not keep a core busy.
function(_lsr_set_test_properties _test _ranks _threads _labels)
  set_tests_properties(${_test} PROPERTIES
    TIMEOUT ${LSR_TEST_SECONDS}
    PROCESSORS ${_ranks}
    LABELS "${_labels}"
    ENVIRONMENT "OMP_NUM_THREADS=${_threads};OPENBLAS_NUM_THREADS=${_threads};OMP_WAIT_POLICY=passive")
endfunction()

# lsr_add_tests(FOLDER PATTERN ...): an lsr_add_test() named FOLDER_FILE for each
# file FOLDER/FILE.cc that PATTERN matches, labelled FOLDER. Further
# arguments are handed on.
function(lsr_add_tests _folder _pattern)
  file(GLOB _sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${_folder}/${_pattern}.cc)
  foreach(_source ${_sources})
    get_filename_component(_file ${_source} NAME_WE)
    lsr_add_test(${_folder}_${_file} ${_source} LABELS ${_folder} ${ARGN})
  endforeach()
endfunction()
