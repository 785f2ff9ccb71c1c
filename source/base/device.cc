// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/device.h>
#include <lsr/base/exceptions.h>

#ifdef KOKKOS_ENABLE_CUDA
#  include <cuda_runtime_api.h>
#endif

#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <cctype>

namespace lsr
{
  namespace
  {
    int
    n_gpus()
    {
#ifdef KOKKOS_ENABLE_CUDA
      // Kokkos::num_devices() does not return where there is no driver.
      int        n     = 0;
      const bool there = cudaGetDeviceCount(&n) == cudaSuccess;
      cudaGetLastError();
      return there ? n : 0;
#else
      return 1; // Kokkos itself says so when it is initialized
#endif
    }
  } // namespace



  std::string
  device_name()
  {
    if (blocks_on_host)
      return "cpu";
    std::string name = ExecutionSpace::name();
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
      return std::tolower(c);
    });
    return name;
  }



  void
  require_device(const std::string &name)
  {
    const std::string here = device_name();
    require(name == "auto" || name == "cpu" || name == "cuda" || name == here,
            "device " + name + ": auto, cpu or cuda expected");
    if (name != "auto" && name != here)
      throw Error("device " + name + ": this dealii_lsr was built with a " +
                  "Kokkos whose device is " + here + ", and computes there; " +
                  (blocks_on_host ? "build it with a Kokkos that has CUDA" :
                                    "build it with a Kokkos for the CPU"));
    require(blocks_on_host || n_gpus() > 0,
            "device " + here +
              ": no GPU was found, which this dealii_lsr computes on; on a "
              "machine without one use a build with a Kokkos for the CPU");
  }



  void
  require_memory_of_threads(const unsigned int n_threads)
  {
    // The buffer of a thread on processors of today, and two for the calls of
    // the main thread.
    constexpr std::size_t buffer = std::size_t(128) << 20;
    const std::size_t     size   = (n_threads + 2) * buffer;
    void *const           memory = mmap(nullptr,
                              size,
                              PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                              -1,
                              0);
    if (memory != MAP_FAILED)
      {
        munmap(memory, size);
        return;
      }
    rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    throw Error(
      "out of memory: " + std::to_string(n_threads) + " threads need " +
      std::to_string(size >> 20) +
      " MiB of address space to compute in, and this process may not have it" +
      (limit.rlim_cur == RLIM_INFINITY ?
         std::string() :
         " (ulimit -v is " + std::to_string(limit.rlim_cur >> 10) + " KiB)") +
      "; expected more memory, or fewer threads");
  }
} // namespace lsr
