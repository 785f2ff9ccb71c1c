// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/dense/host.h>
#include <lsr/refine/point_hash.h>
#include <lsr/refine/point_sample.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace lsr
{
  Block
  point_sample(const Block &points, const std::size_t n_points)
  {
    using Candidate = std::pair<std::uint64_t, std::vector<double>>;

    const HostBlock        host     = to_host(points);
    const std::size_t      n_inputs = host.extent(0);
    std::vector<Candidate> candidates(host.extent(1));
    for (std::size_t i = 0; i < candidates.size(); ++i)
      {
        candidates[i].second.assign(&host(0, i), &host(0, i) + n_inputs);
        candidates[i].first = point_hash(&host(0, i), n_inputs);
      }
    std::sort(candidates.begin(), candidates.end());
    // Ranks may disagree about the last digits of a point that they share.
    candidates.erase(std::unique(candidates.begin(),
                                 candidates.end(),
                                 [](const Candidate &a, const Candidate &b) {
                                   return a.first == b.first;
                                 }),
                     candidates.end());
    if (candidates.size() > n_points)
      candidates.resize(n_points);

    const Block sample      = make_block(n_inputs, candidates.size());
    const auto  host_sample = Kokkos::create_mirror_view(sample);
    for (std::size_t i = 0; i < candidates.size(); ++i)
      std::copy_n(candidates[i].second.begin(), n_inputs, &host_sample(0, i));
    Kokkos::deep_copy(sample, host_sample);
    return sample;
  }
} // namespace lsr
