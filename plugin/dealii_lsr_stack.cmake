# dealii_lsr_describe_stack(<variable>)
#
# A list of what a program and this library must have in common of deal.II and
# Kokkos, wherever they are installed: versions, and the options that change
# types and classes. Used by the library's own build, which writes the list into
# the package, and by those that use it, which compare.
function(dealii_lsr_describe_stack _result)
  set(_stack)
  if(DEAL_II_PROJECT_CONFIG_INCLUDED)
    list(APPEND _stack
      "deal.II ${DEAL_II_PACKAGE_VERSION}"
      "Trilinos ${DEAL_II_TRILINOS_VERSION}")
    foreach(_option
        WITH_MPI WITH_P4EST WITH_TRILINOS WITH_KOKKOS WITH_COMPLEX_VALUES WITH_64BIT_INDICES
        TRILINOS_WITH_EPETRA TRILINOS_WITH_EPETRAEXT TRILINOS_WITH_TPETRA)
      if(DEAL_II_${_option})
        list(APPEND _stack "DEAL_II_${_option} ON")
      else()
        list(APPEND _stack "DEAL_II_${_option} OFF")
      endif()
    endforeach()

    # The size of VectorizedArray, which only the header says.
    set(_header "${DEAL_II_PATH}/${DEAL_II_INCLUDE_RELDIR}/deal.II/base/config.h")
    if(EXISTS "${_header}")
      file(STRINGS "${_header}" _line
        REGEX "define DEAL_II_VECTORIZATION_WIDTH_IN_BITS" LIMIT_COUNT 1)
      string(REGEX REPLACE ".*define +" "" _line "${_line}")
      list(APPEND _stack "${_line}")
    endif()
  endif()
  string(REPLACE ";" "," _devices "${Kokkos_DEVICES}")
  list(APPEND _stack "Kokkos ${Kokkos_VERSION}" "Kokkos for ${_devices}")
  set(${_result} "${_stack}" PARENT_SCOPE)
endfunction()
