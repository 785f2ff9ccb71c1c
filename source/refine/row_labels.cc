// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "refine/row_labels.h"

#include <lsr/dense/blas.h>

#include <cmath>
#include <cstring>

#include "dense/random_bits.h"

namespace lsr
{
  using internal::random_bits;

  namespace
  {
    /// Bits of @p x, which is rounded to multiples of @p unit. Coordinates of
    /// points are often such multiples: what is rounded is far from the middle
    /// between two.
    std::uint64_t
    rounded_bits(const double x, const double unit)
    {
      const double  multiple = std::floor(x / unit + 0.38);
      std::uint64_t bits;
      std::memcpy(&bits, &multiple, sizeof bits);
      return bits;
    }



    /// For each input a power of two, to which its values are rounded. It is
    /// the same for sums of squares with other rounding errors.
    std::vector<double>
    units(const HostBlock &points, const Communicator &communicator)
    {
      const std::size_t n_inputs = points.extent(0);
      const HostColumn  squares("lsr::squares", n_inputs + 1);
      for (std::size_t p = 0; p < points.extent(1); ++p)
        for (std::size_t i = 0; i < n_inputs; ++i)
          squares(i) += points(i, p) * points(i, p);
      squares(n_inputs) = points.extent(1);
      const Column sums = to_memory_space(squares);
      communicator.sum(sums);
      const HostColumn    all = to_host(sums);
      std::vector<double> result(n_inputs, 1.);
      for (std::size_t i = 0; i < n_inputs; ++i)
        if (all(i) > 0) // 22.3: mean squares are rather 1/2 than this
          result[i] =
            std::exp2(std::floor(std::log2(all(i) / all(n_inputs)) / 2 - 22.3));
      return result;
    }
  } // namespace



  RowLabels
  row_labels(const Sampling     &sampling,
             const unsigned int  n_outputs,
             const Communicator &communicator)
  {
    const HostBlock           points = to_host(sampling.points);
    const std::vector<double> unit   = units(points, communicator);
    // A number between 0 and 1 for each value of the network: values that are
    // linear combinations have the combination of these.
    const HostBlock numbers("lsr::numbers", points.extent(1) * n_outputs, 1);
    for (std::size_t p = 0; p < points.extent(1); ++p)
      {
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < points.extent(0); ++i)
          bits = random_bits(bits ^ rounded_bits(points(i, p), unit[i]));
        for (unsigned int c = 0; c < n_outputs; ++c)
          numbers(p * n_outputs + c, 0) =
            std::ldexp(double(random_bits(bits + c) >> 11), -53);
      }
    const HostBlock of_values =
      to_host(sampling.apply(to_memory_space(numbers)));
    RowLabels labels(of_values.extent(0));
    for (std::size_t i = 0; i < labels.size(); ++i)
      labels[i] = rounded_bits(of_values(i, 0), std::ldexp(1., -26));
    return labels;
  }
} // namespace lsr
