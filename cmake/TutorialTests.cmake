# Tutorial programs of deal.II that refine a network, against the package that
# DownstreamTests.cmake installs. Their sources are not part of this repository:
# these tests exist where the programs are (Debian: libdeal.ii-doc, in
# /usr/share/doc/libdeal.ii-doc/examples).
set(DEAL_II_EXAMPLES_DIR "" CACHE PATH
  "Folder with deal.II's tutorial programs; adds tests that refine networks in them")
if(NOT LSR_WITH_DEALII OR NOT DEAL_II_EXAMPLES_DIR OR NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  return()
endif()

file(GLOB _steps RELATIVE "${PROJECT_SOURCE_DIR}/applications/tutorials"
  "${PROJECT_SOURCE_DIR}/applications/tutorials/step-*")
foreach(_step ${_steps})
  set(_ranks 1)
  if(_step STREQUAL "step-40")
    set(_ranks 2)
  endif()
  add_test(NAME tutorials_${_step}
    COMMAND bash "${PROJECT_SOURCE_DIR}/tests/program/tutorial.sh"
      "${PROJECT_SOURCE_DIR}" "${DEAL_II_EXAMPLES_DIR}" "${PROJECT_BINARY_DIR}/downstream/prefix"
      "${PROJECT_BINARY_DIR}/downstream/${_step}" ${_step} ${_ranks})
  set_tests_properties(tutorials_${_step} PROPERTIES
    FIXTURES_REQUIRED downstream_package
    LABELS tutorials
    TIMEOUT 1800
    PROCESSORS ${_ranks}
    ENVIRONMENT
      "OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;OMPI_MCA_rmaps_base_oversubscribe=1;OMP_NUM_THREADS=1;OPENBLAS_NUM_THREADS=1;DEAL_II_DIR=${deal.II_DIR};CMAKE_GENERATOR=${CMAKE_GENERATOR};CXX=${CMAKE_CXX_COMPILER};CMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER}")
endforeach()
