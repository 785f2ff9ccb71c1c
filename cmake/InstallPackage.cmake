# Installs the headers, the libraries, the CMake package, examples and guide.
# What only those need who write programs is of the component "development"; all
# else is of "runtime" (see CMakeLists.txt).
include(CMakePackageConfigHelpers)
include("${PROJECT_SOURCE_DIR}/plugin/dealii_lsr_stack.cmake")

set(_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/dealii_lsr")
set(_data_dir "${CMAKE_INSTALL_DATADIR}/dealii_lsr")
set(_libraries dealii_lsr_core)
set(_without_fe PATTERN "fe" EXCLUDE PATTERN "dealii.h" EXCLUDE)
if(LSR_WITH_DEALII)
  list(APPEND _libraries dealii_lsr)
  set(_without_fe)
endif()

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/lsr" "${PROJECT_BINARY_DIR}/include/lsr"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  COMPONENT development
  FILES_MATCHING PATTERN "*.h" ${_without_fe})

install(TARGETS ${_libraries} EXPORT dealii_lsrTargets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" NAMELINK_COMPONENT development)
install(EXPORT dealii_lsrTargets NAMESPACE dealii_lsr::
  DESTINATION "${_package_dir}" COMPONENT development)

# No path of this machine goes into the package.
dealii_lsr_describe_stack(DEALII_LSR_STACK)
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/plugin/dealii_lsrConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/dealii_lsrConfig.cmake"
  INSTALL_DESTINATION "${_package_dir}"
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/dealii_lsrConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/dealii_lsrConfig.cmake"
  "${PROJECT_BINARY_DIR}/dealii_lsrConfigVersion.cmake"
  "${PROJECT_SOURCE_DIR}/plugin/dealii_lsr_find_kokkos.cmake"
  "${PROJECT_SOURCE_DIR}/plugin/dealii_lsr_setup_target.cmake"
  "${PROJECT_SOURCE_DIR}/plugin/dealii_lsr_stack.cmake"
  DESTINATION "${_package_dir}" COMPONENT development)

install(DIRECTORY "${PROJECT_SOURCE_DIR}/plugin/python"
  DESTINATION "${_data_dir}"
  PATTERN build EXCLUDE PATTERN "*.egg-info" EXCLUDE PATTERN __pycache__ EXCLUDE)
install(FILES
  "${PROJECT_SOURCE_DIR}/README.md"
  "${PROJECT_SOURCE_DIR}/SECURITY.md"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/doc"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}"
  FILES_MATCHING PATTERN "*.md" PATTERN "*.png")
if(LSR_WITH_DEALII)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/applications/examples"
    DESTINATION "${_data_dir}" USE_SOURCE_PERMISSIONS)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/plugin/template"
    DESTINATION "${_data_dir}" COMPONENT development
    PATTERN build EXCLUDE PATTERN results EXCLUDE)
endif()

# Packages of distributions have these under names of their own.
install(FILES "${PROJECT_SOURCE_DIR}/CHANGELOG.md" "${PROJECT_SOURCE_DIR}/LICENSE"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT texts)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/LICENSES"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT texts)
