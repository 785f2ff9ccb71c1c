# dealii_lsr_setup_target(<target>)
#
# Everything that a program or library needs to use deal.II and dealii_lsr: calls
# deal_ii_setup_target(<target>) and links the library. Like deal.II's macro, it
# uses target_link_libraries without PUBLIC or PRIVATE, so do the same elsewhere
# for this target.
macro(dealii_lsr_setup_target _target)
  if(NOT DEALII_LSR_WITH_DEALII)
    message(FATAL_ERROR
      "dealii_lsr in ${dealii_lsr_DIR} was built without deal.II: link "
      "dealii_lsr::core, or build the library with LSR_WITH_DEALII=ON.")
  endif()
  if(NOT "${CMAKE_BUILD_TYPE}" STREQUAL "${DEALII_LSR_BUILD_TYPE}")
    message(FATAL_ERROR
      "dealii_lsr in ${dealii_lsr_DIR} was built as ${DEALII_LSR_BUILD_TYPE}, but "
      "CMAKE_BUILD_TYPE here is \"${CMAKE_BUILD_TYPE}\". The two would load different deal.II "
      "libraries into one program. Configure with "
      "-DCMAKE_BUILD_TYPE=${DEALII_LSR_BUILD_TYPE}, or point dealii_lsr_DIR to a "
      "build of dealii_lsr of your type.")
  endif()
  deal_ii_setup_target(${_target})
  target_link_libraries(${_target} dealii_lsr::dealii_lsr)
endmacro()
