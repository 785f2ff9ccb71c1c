# The manual page of lsr and completions for shells, which the program itself
# prints, in the folder share of the build and of the installation. As a script,
# with PROGRAM and SHARE: prints them.
set(_documents man bash zsh fish)
set(_files
  man/man1/lsr.1 bash-completion/completions/lsr zsh/site-functions/_lsr
  fish/vendor_completions.d/lsr.fish)

if(CMAKE_SCRIPT_MODE_FILE)
  # LibTorch keeps memory until the end: no leak of the program.
  set(ENV{ASAN_OPTIONS} detect_leaks=0:detect_odr_violation=0)
  foreach(_document _file IN ZIP_LISTS _documents _files)
    get_filename_component(_folder "${SHARE}/${_file}" DIRECTORY)
    file(MAKE_DIRECTORY "${_folder}")
    execute_process(COMMAND "${PROGRAM}" --print ${_document}
      OUTPUT_FILE "${SHARE}/${_file}" RESULT_VARIABLE _result ERROR_VARIABLE _error)
    if(NOT _result EQUAL 0)
      # On a login node, say, without the driver of the GPU.
      file(REMOVE "${SHARE}/${_file}")
      message(WARNING
        "lsr does not run here, so there are no manual page and no completions: ${_error}")
      return()
    endif()
  endforeach()
  execute_process(COMMAND gzip -9nf "${SHARE}/man/man1/lsr.1" COMMAND_ERROR_IS_FATAL ANY)
  return()
endif()

set(_share "${PROJECT_BINARY_DIR}/share")
add_custom_command(TARGET lsr POST_BUILD
  COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:lsr> -DSHARE=${_share}
    -P "${CMAKE_CURRENT_LIST_FILE}"
  COMMENT "Manual page and completions for shells"
  VERBATIM)

set(LSR_ZSH_COMPLETIONS zsh/site-functions CACHE STRING "Folder in share in which zsh looks")
mark_as_advanced(LSR_ZSH_COMPLETIONS)
install(FILES "${_share}/man/man1/lsr.1.gz"
  DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" OPTIONAL)
install(FILES "${_share}/bash-completion/completions/lsr"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" OPTIONAL)
install(FILES "${_share}/zsh/site-functions/_lsr"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/${LSR_ZSH_COMPLETIONS}" OPTIONAL)
install(FILES "${_share}/fish/vendor_completions.d/lsr.fish"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d" OPTIONAL)
