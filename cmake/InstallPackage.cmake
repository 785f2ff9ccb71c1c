# Installs the headers, the libraries and the CMake package.
include(CMakePackageConfigHelpers)

set(_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/dealii_lsr")
set(_libraries dealii_lsr_core)
set(_without_fe PATTERN "fe" EXCLUDE)
if(LSR_WITH_DEALII)
  list(APPEND _libraries dealii_lsr)
  set(_without_fe)
endif()

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/lsr"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.h" ${_without_fe})
install(FILES "${PROJECT_BINARY_DIR}/include/lsr/base/config.h"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/lsr/base")

install(TARGETS ${_libraries} EXPORT dealii_lsrTargets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT dealii_lsrTargets NAMESPACE dealii_lsr:: DESTINATION "${_package_dir}")

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
  DESTINATION "${_package_dir}")

install(DIRECTORY "${PROJECT_SOURCE_DIR}/plugin/python"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/dealii_lsr"
  PATTERN build EXCLUDE PATTERN "*.egg-info" EXCLUDE PATTERN __pycache__ EXCLUDE)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/README.md"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}")
if(LSR_WITH_DEALII)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/plugin/template"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/dealii_lsr"
    PATTERN build EXCLUDE PATTERN results EXCLUDE)
endif()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/LICENSES"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}")
