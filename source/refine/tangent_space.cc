// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>
#include <lsr/dense/blas.h>
#include <lsr/refine/tangent_space.h>

#include <string>

#include "dense/factorization.h"
#include "dense/passes.h"
#include "refine/row_labels.h"

namespace lsr
{
  TangentSpace::TangentSpace(const TangentBasis &basis,
                             const Sampling     &sampling,
                             const Residual     &residual,
                             const double        drop_tolerance)
    : basis_(basis)
  {
    const std::size_t n_values = sampling.n_values(basis.network().n_outputs());
    require(n_values == residual.n_values(),
            "the network gives " + std::to_string(n_values) +
              " values at the given points, the residual expects " +
              std::to_string(residual.n_values()));
    const auto n_rows = static_cast<std::size_t>(
      residual.communicator().sum(double(residual.n_rows())));
    require(basis.n_directions() <= n_rows,
            "a tangent basis of " + std::to_string(basis.n_directions()) +
              " directions for " + std::to_string(n_rows) +
              " residual rows: expected no more directions than rows");

    const Timer::Stage stage(timer_, "reduce");
    B = sampling.jacobian_times(basis);
    residual.set_zero(B);
    factors = well_conditioned_basis(B,
                                     row_labels(sampling,
                                                basis.network().n_outputs(),
                                                residual.communicator()),
                                     drop_tolerance,
                                     basis.sorted() ? Pivoting::none :
                                                      Pivoting::columns,
                                     residual.communicator());
  }



  Column
  TangentSpace::coefficients(const Column &z) const
  {
    return factors.coefficients(z);
  }



  Column
  TangentSpace::change(const Column &y) const
  {
    // J V = B R in the columns that were kept; y is zero for the others.
    const HostColumn all = to_host(y);
    const HostColumn kept("lsr::kept", factors.n_columns);
    for (std::size_t k = 0; k < kept.size(); ++k)
      kept(k) = all(factors.pivots[k]);
    const Column z = make_column(kept.size());
    multiply(1., 'N', factors.R, to_memory_space(kept), 0., z);
    const Column result = make_column(B.extent(0));
    multiply(1., 'N', B, z, 0., result);
    return result;
  }



  const Block &
  TangentSpace::orthonormal_factor(const Communicator &communicator) const
  {
    // Every rank has it, or none.
    if (!factor)
      factor = internal::orthonormal_factor(B, communicator);
    return *factor;
  }



  Block
  TangentSpace::test(const Block &F, const Communicator &communicator) const
  {
    const Block products = make_block(B.extent(1), F.extent(1));
    multiply(1., 'T', B, 'N', F, 0., products);
    communicator.sum(products);
    internal::solve_transposed_triangle(orthonormal_factor(communicator),
                                        products);
    return products;
  }



  const Block &
  TangentSpace::galerkin_matrix(Residual &residual) const
  {
    const Communicator &communicator = residual.communicator();
    const std::uint64_t version      = residual.jacobian_version();
    if (communicator.sum(
          galerkin.count == 0 || version != galerkin.version ? 1. : 0.) > 0)
      {
        const Block AB = make_block(residual.n_rows(), B.extent(1));
        residual.apply_jacobian(B, AB);
        galerkin.matrix  = test(AB, communicator);
        galerkin.version = version;
        ++galerkin.count;
      }
    return galerkin.matrix;
  }
} // namespace lsr
