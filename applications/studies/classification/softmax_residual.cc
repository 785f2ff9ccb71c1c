// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/classification/softmax_residual.h"

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>

#include <KokkosBlas1_axpby.hpp>

#include <string>

namespace lsr_studies
{
  namespace
  {
    Column
    onehot_of(const std::vector<unsigned int> &labels,
              const unsigned int               n_classes)
    {
      const HostColumn onehot = to_host(make_column(labels.size() * n_classes));
      for (std::size_t i = 0; i < labels.size(); ++i)
        {
          require(labels[i] < n_classes,
                  "label " + std::to_string(labels[i]) + " of point " +
                    std::to_string(i) + ": a class from 0 to " +
                    std::to_string(int(n_classes) - 1) + " expected");
          onehot(i * n_classes + labels[i]) = 1;
        }
      return to_memory_space(onehot);
    }



    /// softmax(q); the largest value is subtracted first, so that nothing
    /// overflows.
    void
    softmax(const Column &q, const std::size_t k, const Column &p)
    {
      Kokkos::parallel_for(
        "lsr::softmax",
        Kokkos::RangePolicy<ExecutionSpace>(0, q.size() / k),
        KOKKOS_LAMBDA(const std::size_t i) {
          double largest = q(i * k), sum = 0;
          for (std::size_t c = 1; c < k; ++c)
            largest = q(i * k + c) > largest ? q(i * k + c) : largest;
          for (std::size_t c = 0; c < k; ++c)
            sum += p(i * k + c) = ::exp(q(i * k + c) - largest);
          for (std::size_t c = 0; c < k; ++c)
            p(i * k + c) /= sum;
        });
      Kokkos::fence();
    }
  } // namespace



  SoftmaxResidual::SoftmaxResidual(const std::vector<unsigned int> &labels,
                                   const unsigned int               n_classes,
                                   const Communicator &communicator)
    : Residual(labels.size() * n_classes,
               labels.size() * n_classes,
               communicator)
    , n_classes(n_classes)
    , onehot(onehot_of(labels, n_classes))
    , probabilities(make_column(onehot.size()))
  {}



  void
  SoftmaxResidual::evaluate(const Column &q, const Column &f)
  {
    softmax(q, n_classes, f);
    KokkosBlas::axpy(-1., onehot, f);
  }



  void
  SoftmaxResidual::linearize(const Column &q)
  {
    softmax(q, n_classes, probabilities);
  }



  void
  SoftmaxResidual::apply_jacobian(const Block &X, const Block &AX)
  {
    const Column      p = probabilities;
    const std::size_t k = n_classes;
    Kokkos::parallel_for(
      "lsr::softmax_tangent",
      Kokkos::RangePolicy<ExecutionSpace>(0, X.extent(1)),
      KOKKOS_LAMBDA(const std::size_t j) {
        for (std::size_t first = 0; first < X.extent(0); first += k)
          {
            double mean = 0;
            for (std::size_t row = first; row < first + k; ++row)
              mean += p(row) * X(row, j);
            for (std::size_t row = first; row < first + k; ++row)
              AX(row, j) = p(row) * (X(row, j) - mean);
          }
      });
    Kokkos::fence();
  }



  void
  SoftmaxResidual::apply_transposed_jacobian(const Block &X, const Block &ATX)
  {
    apply_jacobian(X, ATX);
  }
} // namespace lsr_studies
