// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "refine/point_sample.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "refine/point_hash.h"

namespace lsr
{
  namespace
  {
    /// The largest absolute value of each coordinate over all ranks, as a power
    /// of two; 1 where all are zero.
    std::vector<double>
    scales(const HostBlock &points, const Communicator &communicator)
    {
      const std::size_t n_inputs = points.extent(0);
      const HostBlock   largest("largest", n_inputs, 1);
      for (std::size_t i = 0; i < points.extent(1); ++i)
        for (std::size_t d = 0; d < n_inputs; ++d)
          largest(d, 0) = std::max(largest(d, 0), std::abs(points(d, i)));
      const HostBlock all =
        to_host(communicator.gather_columns(to_memory_space(largest)));

      std::vector<double> result(n_inputs, 1.);
      for (std::size_t d = 0; d < n_inputs; ++d)
        {
          double maximum = 0;
          for (std::size_t rank = 0; rank < all.extent(1); ++rank)
            maximum = std::max(maximum, all(d, rank));
          // The factor keeps what is usual, such as 1, away from the powers of
          // two, where rounding would decide.
          int exponent = 0;
          std::frexp(maximum * 1.1283791670955126, &exponent);
          if (maximum > 0 && std::isfinite(maximum))
            result[d] = std::ldexp(1., exponent);
        }
      return result;
    }



    /// The sample of this rank's points, as if there were no others.
    HostBlock
    sample_of_rank(const HostBlock           &points,
                   const std::size_t          n_points,
                   const std::vector<double> &scale,
                   const std::uint64_t        seed)
    {
      const std::size_t                                  n = points.extent(0);
      std::vector<std::pair<std::uint64_t, std::size_t>> candidates;
      std::vector<double>                                scaled(n);
      for (std::size_t i = 0; i < points.extent(1); ++i)
        {
          for (std::size_t d = 0; d < n; ++d)
            scaled[d] = points(d, i) / scale[d];
          candidates.emplace_back(point_hash(scaled.data(), n, seed), i);
        }
      std::sort(candidates.begin(), candidates.end());
      // Ranks may disagree about the last digits of a point that they share.
      candidates.erase(std::unique(candidates.begin(),
                                   candidates.end(),
                                   [](const auto &a, const auto &b) {
                                     return a.first == b.first;
                                   }),
                       candidates.end());
      if (candidates.size() > n_points)
        candidates.resize(n_points);

      const HostBlock sample("sample", n, candidates.size());
      for (std::size_t i = 0; i < candidates.size(); ++i)
        for (std::size_t d = 0; d < n; ++d)
          sample(d, i) = points(d, candidates[i].second);
      return sample;
    }
  } // namespace



  Block
  point_sample(const Block        &points,
               const std::size_t   n_points,
               const Communicator &communicator,
               const std::uint64_t seed)
  {
    const HostBlock           own   = to_host(points);
    const std::vector<double> scale = scales(own, communicator);
    // The n_points smallest hashes of all are among those of each rank.
    const Block all = communicator.gather_columns(
      to_memory_space(sample_of_rank(own, n_points, scale, seed)));
    return to_memory_space(sample_of_rank(to_host(all), n_points, scale, seed));
  }
} // namespace lsr
