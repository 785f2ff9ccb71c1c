# The manual page of lsr and completions for shells, which the program itself
# prints, in the folder share of the build and of the installation.
find_program(LSR_GZIP gzip REQUIRED)
mark_as_advanced(LSR_GZIP)

# LibTorch keeps memory until the end: no leak of the program.
set(_print ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0:detect_odr_violation=0
  $<TARGET_FILE:lsr> --print)
set(_share "${PROJECT_BINARY_DIR}/share")
set(_man man/man1/lsr.1)
set(_bash bash-completion/completions/lsr)
set(_zsh zsh/site-functions/_lsr)
set(_fish fish/vendor_completions.d/lsr.fish)
foreach(_document man bash zsh fish)
  get_filename_component(_folder "${_${_document}}" DIRECTORY)
  file(MAKE_DIRECTORY "${_share}/${_folder}")
  add_custom_command(TARGET lsr POST_BUILD
    COMMAND ${_print} ${_document} > "${_share}/${_${_document}}"
    VERBATIM)
endforeach()
add_custom_command(TARGET lsr POST_BUILD
  COMMAND ${LSR_GZIP} -9nf "${_share}/${_man}"
  COMMENT "Manual page and completions for shells"
  VERBATIM)

install(FILES "${_share}/${_man}.gz" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
foreach(_document bash zsh fish)
  get_filename_component(_folder "${_${_document}}" DIRECTORY)
  install(FILES "${_share}/${_${_document}}" DESTINATION "${CMAKE_INSTALL_DATADIR}/${_folder}")
endforeach()
