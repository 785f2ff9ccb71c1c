# Finds Kokkos and makes sure that Kokkos::kokkos can be used and that it is the
# copy that deal.II uses: two copies of Kokkos in one process do not share their
# initialization. Used by the library's own build and by those that use it.

# The file that a library of Kokkos' link interface resolves to, "" if unknown.
function(_dealii_lsr_library_file _library _result)
  set(_file "")
  if(TARGET ${_library})
    get_target_property(_imported ${_library} IMPORTED)
    get_target_property(_type ${_library} TYPE)
    if(_imported AND NOT _type STREQUAL "INTERFACE_LIBRARY")
      get_target_property(_configurations ${_library} IMPORTED_CONFIGURATIONS)
      foreach(_suffix "" ${_configurations})
        if(_suffix)
          set(_suffix "_${_suffix}")
        endif()
        get_target_property(_location ${_library} IMPORTED_LOCATION${_suffix})
        if(_location)
          set(_file "${_location}")
        endif()
      endforeach()
    endif()
  elseif(IS_ABSOLUTE "${_library}")
    set(_file "${_library}")
  endif()
  if(_file)
    get_filename_component(_file "${_file}" REALPATH)
  endif()
  set(${_result} "${_file}" PARENT_SCOPE)
endfunction()

# The Kokkos core library among some libraries and what they link, "" if unknown.
function(_dealii_lsr_kokkos_core _result)
  set(_queue ${ARGN})
  set(_seen "")
  set(_found "")
  while(_queue AND NOT _found)
    list(GET _queue 0 _library)
    list(REMOVE_AT _queue 0)
    if("${_library}" IN_LIST _seen)
      continue()
    endif()
    list(APPEND _seen "${_library}")
    _dealii_lsr_library_file("${_library}" _file)
    if("${_file}" MATCHES "kokkoscore[^/]*$")
      set(_found "${_file}")
    elseif(TARGET ${_library})
      get_target_property(_next ${_library} INTERFACE_LINK_LIBRARIES)
      if(_next)
        list(APPEND _queue ${_next})
      endif()
    endif()
  endwhile()
  set(${_result} "${_found}" PARENT_SCOPE)
endfunction()

macro(dealii_lsr_find_kokkos)
  if(NOT DEFINED CMAKE_CXX_EXTENSIONS)
    set(CMAKE_CXX_EXTENSIONS OFF) # Kokkos would do so with a warning
  endif()
  find_package(Kokkos REQUIRED)

  # The Kokkos 3 inside Debian 12's Trilinos names a folder that is not there.
  get_target_property(_lsr_kokkos_include Kokkos::kokkos INTERFACE_INCLUDE_DIRECTORIES)
  if(_lsr_kokkos_include AND Kokkos_INCLUDE_DIRS AND NOT EXISTS "${_lsr_kokkos_include}")
    set_target_properties(Kokkos::kokkos PROPERTIES
      INTERFACE_INCLUDE_DIRECTORIES "${Kokkos_INCLUDE_DIRS}")
  endif()

  if(DEAL_II_PROJECT_CONFIG_INCLUDED)
    _dealii_lsr_kokkos_core(_lsr_kokkos Kokkos::kokkos)
    _dealii_lsr_kokkos_core(_lsr_kokkos_dealii
      ${DEAL_II_TARGET_RELEASE} ${DEAL_II_TARGET_DEBUG}
      ${DEAL_II_LIBRARIES_RELEASE} ${DEAL_II_LIBRARIES_DEBUG})
    if(_lsr_kokkos AND _lsr_kokkos_dealii AND NOT _lsr_kokkos STREQUAL _lsr_kokkos_dealii)
      message(FATAL_ERROR
        "Two copies of Kokkos: deal.II in ${deal.II_DIR} uses\n"
        "  ${_lsr_kokkos_dealii}\n"
        "but find_package(Kokkos) found\n"
        "  ${_lsr_kokkos}\n"
        "One process can only have one. Set Kokkos_DIR to the folder with the "
        "KokkosConfig.cmake that belongs to deal.II.")
    endif()
  endif()
endmacro()
