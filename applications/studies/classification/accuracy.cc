// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/classification/accuracy.h"

#include <lsr/dense/blas.h>
#include <lsr/dense/host.h>

#include <algorithm>

namespace lsr_studies
{
  namespace
  {
    /// $q + J V Y$, one column for each column of Y.
    Block
    refined_values(const Network      &network,
                   const TangentBasis &basis,
                   const Block        &Y,
                   const Block        &points)
    {
      const std::size_t n = points.extent(1) * network.n_outputs();
      const Column      q = make_column(n);
      network.evaluate(points, q);
      const Block values = make_block(n, Y.extent(1));
      for (std::size_t j = 0; j < Y.extent(1); ++j)
        Kokkos::deep_copy(columns(values, j, j + 1), as_block(q));
      const Block JV = make_block(n, basis.n_directions());
      basis.apply(points, JV);
      multiply(1., 'N', JV, 'N', Y, 1., values);
      return values;
    }
  } // namespace



  std::vector<double>
  accuracies(const Network      &network,
             const TangentBasis &basis,
             const Block        &Y,
             const ImageSet     &images,
             const std::size_t   block_size)
  {
    constexpr std::size_t    k = ImageSet::n_classes;
    std::vector<std::size_t> correct(Y.extent(1));
    for (std::size_t first = 0; first < images.size(); first += block_size)
      {
        const ImageSet block =
          images.slice(first, std::min(first + block_size, images.size()));
        const HostBlock values =
          to_host(refined_values(network, basis, Y, block.points));
        for (std::size_t j = 0; j < correct.size(); ++j)
          for (std::size_t i = 0; i < block.size(); ++i)
            {
              const double     *q    = &values(k * i, j);
              const std::size_t said = std::max_element(q, q + k) - q;
              correct[j] += said == block.labels[i];
            }
      }
    std::vector<double> accuracies;
    for (const std::size_t n : correct)
      accuracies.push_back(double(n) / images.size());
    return accuracies;
  }
} // namespace lsr_studies
