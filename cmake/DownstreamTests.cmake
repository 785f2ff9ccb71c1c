# A user's view: installs the package into a folder of the build tree, moves that
# folder, and builds the project in tests/downstream with nothing but
# find_package(dealii_lsr).
if(NOT LSR_WITH_DEALII)
  return()
endif()

set(_downstream "${PROJECT_BINARY_DIR}/downstream")
set(_prefix "${_downstream}/prefix")

# The other build type has to be refused.
set(_other_type Debug)
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(_other_type Release)
endif()

add_test(NAME downstream_clean
  COMMAND ${CMAKE_COMMAND} -E rm -rf "${_downstream}")
add_test(NAME downstream_install
  COMMAND ${CMAKE_COMMAND} --install "${PROJECT_BINARY_DIR}" --prefix "${_downstream}/installed")
add_test(NAME downstream_move
  COMMAND ${CMAKE_COMMAND} -E rename "${_downstream}/installed" "${_prefix}")
add_test(NAME downstream_relocatable
  COMMAND bash "${PROJECT_SOURCE_DIR}/tests/packaging/relocatable.sh"
    "${_prefix}" "${_downstream}" "${PROJECT_SOURCE_DIR}" "${deal.II_DIR}")
# lsr_add_downstream_build(<test> <source folder> <build folder>): builds a
# user's project; further arguments are handed on.
function(lsr_add_downstream_build _test _source _build)
  add_test(NAME ${_test}
    COMMAND ${CMAKE_CTEST_COMMAND}
      --build-and-test "${PROJECT_SOURCE_DIR}/${_source}" "${_build}"
      --build-generator "${CMAKE_GENERATOR}"
      --build-options
        "-DCMAKE_PREFIX_PATH=${_prefix}"
        "-Ddeal.II_DIR=${deal.II_DIR}"
        "-DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE}"
        "-DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}"
        "-DCMAKE_CXX_FLAGS=${CMAKE_CXX_FLAGS}"
        "-DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER}"
      ${ARGN})
endfunction()
lsr_add_downstream_build(downstream_program tests/downstream "${_downstream}/build"
  --test-command "${_downstream}/build/poisson")
add_test(NAME downstream_refuses_other_build_type
  COMMAND ${CMAKE_COMMAND}
    -S "${PROJECT_SOURCE_DIR}/tests/downstream" -B "${_downstream}/build-${_other_type}"
    -G "${CMAKE_GENERATOR}"
    "-DCMAKE_PREFIX_PATH=${_prefix}"
    "-Ddeal.II_DIR=${deal.II_DIR}"
    "-DCMAKE_BUILD_TYPE=${_other_type}"
    "-DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}")
set_tests_properties(downstream_refuses_other_build_type PROPERTIES
  PASS_REGULAR_EXPRESSION "CMAKE_BUILD_TYPE[ \n]+here[ \n]+is")

set_tests_properties(downstream_clean PROPERTIES
  FIXTURES_SETUP downstream_folder)
set_tests_properties(downstream_install PROPERTIES
  FIXTURES_REQUIRED downstream_folder
  FIXTURES_SETUP downstream_installation)
set_tests_properties(downstream_move PROPERTIES
  FIXTURES_REQUIRED downstream_installation
  FIXTURES_SETUP downstream_package)
set(_using downstream_relocatable downstream_program downstream_refuses_other_build_type)
if(TARGET lsr)
  # Equations in shared libraries: the template, and those that are refused.
  lsr_add_downstream_build(downstream_template plugin/template "${_downstream}/template")
  lsr_add_downstream_build(downstream_refused_equations tests/plugins "${_downstream}/refused")
  set_tests_properties(downstream_template downstream_refused_equations PROPERTIES
    FIXTURES_SETUP downstream_equations)
  add_test(NAME downstream_plugins
    COMMAND bash "${PROJECT_SOURCE_DIR}/tests/program/plugins.sh"
      "${_prefix}/${CMAKE_INSTALL_BINDIR}" "${PROJECT_SOURCE_DIR}" "${_downstream}/plugins"
      "${_downstream}/template" "${_downstream}/refused"
      $<$<BOOL:${LSR_BUILD_STUDIES}>:$<TARGET_FILE_DIR:lsr>>)
  list(APPEND _using downstream_template downstream_refused_equations downstream_plugins)
  add_test(NAME downstream_installed_program
    COMMAND "${_prefix}/${CMAKE_INSTALL_BINDIR}/lsr" refine --print-parameters)
  list(APPEND _using downstream_installed_program)
endif()
set_tests_properties(${_using} PROPERTIES
  FIXTURES_REQUIRED downstream_package
  TIMEOUT 600)
if(TEST downstream_plugins)
  set_tests_properties(downstream_plugins PROPERTIES
    FIXTURES_REQUIRED "downstream_package;downstream_equations")
endif()
set_tests_properties(downstream_clean downstream_install downstream_move ${_using} PROPERTIES
  LABELS downstream
  ENVIRONMENT
    "OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;OMP_NUM_THREADS=1;OPENBLAS_NUM_THREADS=1")
