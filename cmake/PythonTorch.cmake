# The LibTorch that Python's package of PyTorch carries, in the folder
# LSR_PYTORCH_DIR. What PyPI has is made for CUDA, and its own CMake files ask
# for a CUDA compiler; its library for the processor needs none.
file(STRINGS "${LSR_PYTORCH_DIR}/version.py" _version REGEX "^__version__ = ")
if(NOT _version MATCHES "'([0-9]+[.][0-9]+[.][0-9]+)" OR NOT EXISTS "${LSR_PYTORCH_DIR}/lib/libtorch_cpu.so")
  message(FATAL_ERROR
    "LSR_PYTORCH_DIR is \"${LSR_PYTORCH_DIR}\", expected the folder torch of Python's PyTorch, with "
    "version.py and lib/libtorch_cpu.so: python3 -c 'import torch; print(torch.__path__[0])'.")
endif()
set(Torch_VERSION "${CMAKE_MATCH_1}")

# OpenMP's runtime in it is the one that all of the process has, as it has the
# same name as the compiler's; in older packages it has another.
file(GLOB _runtimes "${LSR_PYTORCH_DIR}/lib/libgomp-*" "${LSR_PYTORCH_DIR}.libs/libgomp-*")
if(_runtimes)
  message(WARNING "${_runtimes} and the compiler's are two runtimes of OpenMP, each with threads of its own: "
    "PyTorch 2.15 does not have that.")
endif()

add_library(torch INTERFACE IMPORTED)
target_include_directories(torch INTERFACE
  "${LSR_PYTORCH_DIR}/include" "${LSR_PYTORCH_DIR}/include/torch/csrc/api/include")
# By name, and with the path by hand: CMake warns that libgomp is in it, too.
target_link_libraries(torch INTERFACE
  "-L${LSR_PYTORCH_DIR}/lib" "-Wl,-rpath,${LSR_PYTORCH_DIR}/lib" torch_cpu c10)
set(TORCH_LIBRARIES torch)
