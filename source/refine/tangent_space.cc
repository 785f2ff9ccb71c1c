// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/base/stopwatch.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/host.h>
#include <lsr/refine/tangent_space.h>

namespace lsr
{
  TangentSpace::TangentSpace(const Network      &network,
                             const TangentBasis &basis,
                             const Sampling     &sampling,
                             const Residual     &residual,
                             const double        drop_tolerance)
    : basis(basis)
  {
    const std::size_t n_values = sampling.n_values(network.n_outputs());
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

    const Stopwatch stopwatch(wall_time);
    const Block     all =
      make_block(sampling.points.extent(1) * network.n_outputs(),
                 basis.n_directions());
    basis.apply(sampling.points, all);
    Q = sampling.select(all);
    residual.constrain(Q);
    factors =
      orthonormalize(Q,
                     drop_tolerance,
                     basis.sorted() ? Pivoting::none : Pivoting::columns,
                     residual.communicator());
  }



  std::size_t
  TangentSpace::n_directions() const
  {
    return basis.n_directions();
  }



  const Block &
  TangentSpace::columns() const
  {
    return Q;
  }



  const Block &
  TangentSpace::triangle() const
  {
    return factors.R;
  }



  Column
  TangentSpace::coefficients(const Column &z) const
  {
    const Column y = make_column(basis.n_directions());
    multiply(1., 'N', factors.T, z, 0., y);
    return y;
  }



  Column
  TangentSpace::change(const Column &y) const
  {
    // J V = Q R in the columns that were kept; y is zero for the others.
    const HostColumn all = to_host(y);
    const HostColumn kept("lsr::kept", factors.n_columns);
    for (std::size_t k = 0; k < kept.size(); ++k)
      kept(k) = all(factors.pivots[k]);
    const Column z = make_column(kept.size());
    multiply(1., 'N', factors.R, to_memory_space(kept), 0., z);
    const Column result = make_column(Q.extent(0));
    multiply(1., 'N', Q, z, 0., result);
    return result;
  }



  Column
  TangentSpace::correction(const Column &y) const
  {
    return basis.expand(y);
  }



  double
  TangentSpace::seconds() const
  {
    return wall_time;
  }
} // namespace lsr
