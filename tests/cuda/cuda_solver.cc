// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// The calls of cuSOLVER by themselves: a factorization on the GPU against its
// matrix, or, on a machine without one, a message that says so.

#include "dense/cuda_solver.h"

#include <lsr/base/exceptions.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <random>
#include <vector>



using namespace lsr;

namespace
{
  /// A matrix on the device, columns contiguous.
  class DeviceMatrix
  {
  public:
    explicit DeviceMatrix(const std::vector<double> &values)
      : n_bytes(values.size() * sizeof(double))
    {
      require(cudaMalloc(&memory, n_bytes) == cudaSuccess, "cudaMalloc");
      require(cudaMemcpy(memory,
                         values.data(),
                         n_bytes,
                         cudaMemcpyHostToDevice) == cudaSuccess,
              "cudaMemcpy");
    }

    ~DeviceMatrix()
    {
      cudaFree(memory);
    }

    double *
    data() const
    {
      return static_cast<double *>(memory);
    }

    std::vector<double>
    values() const
    {
      std::vector<double> result(n_bytes / sizeof(double));
      require(cudaMemcpy(result.data(),
                         memory,
                         n_bytes,
                         cudaMemcpyDeviceToHost) == cudaSuccess,
              "cudaMemcpy");
      return result;
    }

  private:
    const std::size_t n_bytes;
    void             *memory = nullptr;
  };

  /// Entry (i, j) of the product of the transposed leading n rows of A, upper
  /// triangular if wanted, with themselves.
  double
  gram(const std::vector<double> &A,
       const int                  lda,
       const int                  n,
       const int                  i,
       const int                  j)
  {
    double sum = 0;
    for (int k = 0; k < n; ++k)
      sum += A[k + i * lda] * A[k + j * lda];
    return sum;
  }

  /// The largest difference of R^T R, R the upper triangle of the n columns of
  /// @p factor, to @p expected(i, j), i <= j.
  template <typename Expected>
  double
  difference(const std::vector<double> &factor,
             const int                  ld,
             const int                  n,
             const Expected            &expected)
  {
    double largest = 0;
    for (int j = 0; j < n; ++j)
      for (int i = 0; i <= j; ++i)
        largest =
          std::max(largest,
                   std::abs(gram(factor, ld, i + 1, i, j) - expected(i, j)));
    return largest;
  }

  void
  check_factorizations()
  {
    // Leading dimensions beyond the rows, as slices of blocks have.
    const int                              m = 70, n = 20, ld = 75;
    std::mt19937                           engine(1);
    std::uniform_real_distribution<double> entry(-1, 1);
    std::vector<double>                    A(ld * n), N(ld * n);
    for (double &a : A)
      a = entry(engine);
    for (int j = 0; j < n; ++j)
      for (int i = 0; i < n; ++i)
        N[i + j * ld] = gram(A, ld, m, i, j);
    const auto expected = [&](const int i, const int j) {
      return N[i + j * ld];
    };

    const std::vector<double> zeros(n);
    const DeviceMatrix        qr(A), tau(zeros), chol(N);
    internal::cuda::geqrf(m, n, qr.data(), ld, tau.data(), nullptr);
    const std::vector<double> R = qr.values();
    require(difference(R, ld, n, expected) < 1e-12,
            "geqrf: R^T R is not A^T A");

    // The first columns of A, with another leading dimension.
    const int           n_C = 12, ld_C = m + 1;
    std::vector<double> leading(ld_C * n_C);
    for (int j = 0; j < n_C; ++j)
      std::copy_n(&A[j * ld], m, &leading[j * ld_C]);
    const DeviceMatrix C(leading);
    internal::cuda::ormqr(
      m, n_C, n, qr.data(), ld, tau.data(), C.data(), ld_C, nullptr);
    const std::vector<double> reflected = C.values();
    double                    error     = 0;
    for (int j = 0; j < n_C; ++j)
      for (int i = 0; i < m; ++i)
        error = std::max(error,
                         std::abs(reflected[i + j * ld_C] -
                                  (i <= j ? R[i + j * ld] : 0.)));
    require(error < 1e-12, "ormqr: Q^T A is not R");

    require(internal::cuda::potrf(n, chol.data(), ld, nullptr) == n,
            "potrf: A^T A is not positive definite");
    require(difference(chol.values(), ld, n, expected) < 1e-12,
            "potrf: R^T R is not A^T A");

    N[7 + 7 * ld] = -1;
    const DeviceMatrix indefinite(N);
    require(internal::cuda::potrf(n, indefinite.data(), ld, nullptr) == 7,
            "potrf: a negative number on the diagonal is not found");
  }
} // namespace

int
main()
{
  int  n_gpus = 0;
  bool there  = cudaGetDeviceCount(&n_gpus) == cudaSuccess && n_gpus > 0;
  try
    {
      if (there)
        check_factorizations();
      else
        internal::cuda::potrf(1, nullptr, 1, nullptr);
    }
  catch (const Error &error)
    {
      std::cout << error.what() << std::endl;
      return there ? 1 : 0;
    }
  std::cout << (there ? "factorizations on the GPU are right" :
                        "no GPU, but nothing was said")
            << std::endl;
  return there ? 0 : 1;
}
