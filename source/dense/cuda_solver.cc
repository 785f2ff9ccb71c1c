// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "cuda_solver.h"

#include <lsr/base/exceptions.h>

#include <cusolverDn.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace lsr
{
  namespace internal
  {
    namespace cuda
    {
      namespace
      {
        void
        check(const cudaError_t status)
        {
          const std::string text = cudaGetErrorString(status);
          if (status != cudaSuccess)
            cudaGetLastError(); // or the next call would report it again
          if (status == cudaErrorMemoryAllocation)
            throw OutOfMemory("out of memory of the device cuda: " + text);
          require(status == cudaSuccess, "CUDA: " + text);
        }

        void
        check(const cusolverStatus_t status, const char *routine)
        {
          if (status == CUSOLVER_STATUS_ALLOC_FAILED)
            throw OutOfMemory(
              std::string("out of memory of the device cuda: ") + routine);
          require(status == CUSOLVER_STATUS_SUCCESS,
                  std::string("cuSOLVER: ") + routine + " returned status " +
                    std::to_string(int(status)));
        }

        /// Memory of the device that is there in the order of a stream.
        class DeviceMemory
        {
        public:
          DeviceMemory(const std::size_t n_bytes, const cudaStream_t stream)
            : stream(stream)
          {
            if (n_bytes > 0)
              check(cudaMallocAsync(&memory, n_bytes, stream));
          }

          ~DeviceMemory()
          {
            if (memory != nullptr)
              cudaFreeAsync(memory, stream);
          }

          DeviceMemory(const DeviceMemory &) = delete;
          DeviceMemory &
          operator=(const DeviceMemory &) = delete;

          void *
          get() const
          {
            return memory;
          }

        private:
          const cudaStream_t stream;
          void              *memory = nullptr;
        };

        /// cuSOLVER itself, which takes long to make: once for the whole run.
        struct Library
        {
          cusolverDnHandle_t handle = nullptr;
          cusolverDnParams_t params = nullptr;

          Library()
          {
            check(cusolverDnCreate(&handle), "cusolverDnCreate");
            check(cusolverDnCreateParams(&params), "cusolverDnCreateParams");
            keep_workspaces();
          }

        private:
          /// Every call waits for its result, and with that the device gives
          /// back workspaces unless it is told to keep some.
          static void
          keep_workspaces()
          {
            constexpr std::uint64_t least = std::uint64_t(64) << 20;

            int           device    = 0;
            cudaMemPool_t pool      = nullptr;
            std::uint64_t threshold = 0;
            check(cudaGetDevice(&device));
            check(cudaDeviceGetDefaultMemPool(&pool, device));
            check(cudaMemPoolGetAttribute(pool,
                                          cudaMemPoolAttrReleaseThreshold,
                                          &threshold));
            threshold = std::max(threshold, least);
            check(cudaMemPoolSetAttribute(pool,
                                          cudaMemPoolAttrReleaseThreshold,
                                          &threshold));
          }
        };

        const Library &
        library()
        {
          static const Library library;
          return library;
        }

        /// One call of a routine on a stream: its workspace and its status.
        class Call
        {
        public:
          Call(const char *const routine, const cudaStream_t stream)
            : routine(routine)
            , stream(stream)
            , status(sizeof(int), stream)
          {
            check(cusolverDnSetStream(library().handle, stream),
                  "cusolverDnSetStream");
          }

          /**
           * Call @p query(device_bytes, host_bytes) and then
           * @p execute(device_workspace, device_bytes, host_workspace,
           * host_bytes, info), wait for it, and return the info.
           */
          template <typename Query, typename Execute>
          int
          run(const Query &query, const Execute &execute) const
          {
            std::size_t device_bytes = 0, host_bytes = 0;
            check(query(&device_bytes, &host_bytes), routine);
            const DeviceMemory work(device_bytes, stream);
            std::vector<char>  host_work(host_bytes);
            int *const         info = static_cast<int *>(status.get());
            check(execute(work.get(),
                          device_bytes,
                          host_work.data(),
                          host_bytes,
                          info),
                  routine);

            int result = 0;
            check(cudaMemcpyAsync(
              &result, info, sizeof(int), cudaMemcpyDeviceToHost, stream));
            check(cudaStreamSynchronize(stream));
            require(result >= 0,
                    std::string("cuSOLVER: argument ") +
                      std::to_string(-result) + " of " + routine + " is wrong");
            return result;
          }

        private:
          const char *const  routine;
          const cudaStream_t stream;
          const DeviceMemory status;
        };

        constexpr cudaDataType float64 = CUDA_R_64F;

        int
        to_int(const std::int64_t extent)
        {
          require(extent <= std::numeric_limits<int>::max(),
                  "cuSOLVER: an extent of " + std::to_string(extent) +
                    " is beyond the range of its integers");
          return static_cast<int>(extent);
        }
      } // namespace

      std::int64_t
      potrf(const std::int64_t n,
            double *const      A,
            const std::int64_t lda,
            const cudaStream_t stream)
      {
        constexpr auto upper = CUBLAS_FILL_MODE_UPPER;
        const Call     call("cusolverDnXpotrf", stream);
        const auto     handle = library().handle;
        const auto     params = library().params;
        const int      info   = call.run(
          [&](auto... bytes) {
            return cusolverDnXpotrf_bufferSize(
              handle, params, upper, n, float64, A, lda, float64, bytes...);
          },
          [&](auto... work) {
            return cusolverDnXpotrf(
              handle, params, upper, n, float64, A, lda, float64, work...);
          });
        return info == 0 ? n : info - 1;
      }

      void
      geqrf(const std::int64_t m,
            const std::int64_t n,
            double *const      A,
            const std::int64_t lda,
            double *const      tau,
            const cudaStream_t stream)
      {
        const Call call("cusolverDnXgeqrf", stream);
        const auto handle = library().handle;
        const auto params = library().params;
        call.run(
          [&](auto... bytes) {
            return cusolverDnXgeqrf_bufferSize(handle,
                                               params,
                                               m,
                                               n,
                                               float64,
                                               A,
                                               lda,
                                               float64,
                                               tau,
                                               float64,
                                               bytes...);
          },
          [&](auto... work) {
            return cusolverDnXgeqrf(handle,
                                    params,
                                    m,
                                    n,
                                    float64,
                                    A,
                                    lda,
                                    float64,
                                    tau,
                                    float64,
                                    work...);
          });
      }

      void
      ormqr(const std::int64_t  m,
            const std::int64_t  n,
            const std::int64_t  k,
            const double *const A,
            const std::int64_t  lda,
            const double *const tau,
            double *const       C,
            const std::int64_t  ldc,
            const cudaStream_t  stream)
      {
        constexpr auto left = CUBLAS_SIDE_LEFT;
        constexpr auto t    = CUBLAS_OP_T;
        const Call     call("cusolverDnDormqr", stream);
        const auto     handle = library().handle;
        // The only routine of these without a 64-bit interface.
        const int rows = to_int(m), columns = to_int(n), factors = to_int(k),
                  ld_A = to_int(lda), ld_C = to_int(ldc);
        const auto with_matrices = [&](const auto &routine, auto... others) {
          return routine(handle,
                         left,
                         t,
                         rows,
                         columns,
                         factors,
                         A,
                         ld_A,
                         tau,
                         C,
                         ld_C,
                         others...);
        };
        int length = 0;
        call.run(
          [&](std::size_t *device_bytes, std::size_t *) {
            const auto status =
              with_matrices(cusolverDnDormqr_bufferSize, &length);
            *device_bytes = sizeof(double) * length;
            return status;
          },
          [&](void *work, std::size_t, void *, std::size_t, int *info) {
            return with_matrices(cusolverDnDormqr,
                                 static_cast<double *>(work),
                                 length,
                                 info);
          });
      }
    } // namespace cuda
  }   // namespace internal
} // namespace lsr
