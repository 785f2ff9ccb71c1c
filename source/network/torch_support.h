// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_torch_support_h
#define lsr_network_torch_support_h

#include <lsr/base/device.h>
#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>

#include <ATen/ATen.h>
#ifdef KOKKOS_ENABLE_CUDA
#  include <c10/cuda/CUDAGuard.h>
#endif

#include <cfenv>
#include <new>
#include <string>
#include <type_traits>

namespace lsr
{
  /**
   * Switches floating-point traps off while LibTorch works, and back to what
   * the calling program had: deal.II programs switch them on, and LibTorch's
   * vectorized kernels raise harmless ones.
   */
  class FloatingPointTrapsOff
  {
  public:
    FloatingPointTrapsOff()
    {
      std::feholdexcept(&environment);
    }

    ~FloatingPointTrapsOff()
    {
      std::fesetenv(&environment);
    }

    FloatingPointTrapsOff(const FloatingPointTrapsOff &) = delete;
    FloatingPointTrapsOff &
    operator=(const FloatingPointTrapsOff &) = delete;

  private:
    std::fenv_t environment;
  };



  /**
   * While it lives, LibTorch computes on the stream of Kokkos, if both use a
   * GPU: what one begins there finds done what the other began before.
   */
  class SharedStream
  {
  public:
    SharedStream()
    {}

    SharedStream(const SharedStream &) = delete;
    SharedStream &
    operator=(const SharedStream &) = delete;

#ifdef KOKKOS_ENABLE_CUDA
  private:
    static c10::cuda::CUDAStream
    stream_of_kokkos()
    {
      ensure_kokkos_initialized();
      const ExecutionSpace space;
      return c10::cuda::getStreamFromExternal(space.cuda_stream(),
                                              space.cuda_device());
    }

    const c10::cuda::CUDAStreamGuard guard{stream_of_kokkos()};
#endif
  };



  /// The line of a LibTorch message with the reason.
  std::string
  essence(const std::string &message);



  /// Call @p function with traps off and on the shared stream; exceptions
  /// become lsr::Error with @p where in front.
  template <typename Function>
  std::invoke_result_t<Function>
  guarded(const std::string &where, const Function &function)
  {
    const FloatingPointTrapsOff traps_off;
    const SharedStream          stream;
    try
      {
        return function();
      }
    catch (const OutOfMemory &error)
      {
        throw OutOfMemory(where + ": " + error.what());
      }
    catch (const c10::OutOfMemoryError &error)
      {
        throw OutOfMemory(where + ": " +
                          essence(error.what_without_backtrace()));
      }
    catch (const Error &error)
      {
        throw Error(where + ": " + error.what());
      }
    catch (const c10::Error &error)
      {
        const std::string reason = essence(error.what_without_backtrace());
        // What the allocator of the CPU throws has no type of its own.
        if (reason.find("can't allocate memory") != std::string::npos)
          throw OutOfMemory(where + ": out of memory");
        throw Error(where + ": " + reason);
      }
    catch (const std::bad_alloc &)
      {
        throw OutOfMemory(where + ": out of memory");
      }
    catch (const std::exception &error)
      {
        throw Error(where + ": " + essence(error.what()));
      }
  }



  /// Where blocks live, in LibTorch's words.
  at::TensorOptions
  block_options();

  /// A tensor [n_columns, n_rows] over the memory of a block.
  at::Tensor
  as_tensor(const Block &block);

  /// The same in float32.
  at::Tensor
  as_tensor(const FloatBlock &block);

  /// A tensor [n_rows] over the memory of a vector.
  at::Tensor
  as_tensor(const Column &column);

  /// A tensor of @p n numbers; undefined if there are none, and an error that
  /// names @p what if there are others.
  at::Tensor
  as_tensor(const std::vector<double> &values,
            const unsigned int         n,
            const std::string         &what);

  /// Pieces of a flat parameter vector (or of a block of such, along its last
  /// dimension) with the sizes of the given tensors.
  std::vector<at::Tensor>
  split_like(const at::Tensor &flat, const std::vector<at::Tensor> &tensors);
} // namespace lsr

#endif
