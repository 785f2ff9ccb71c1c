// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/base/stopwatch.h>
#include <lsr/dense/blas.h>
#include <lsr/refine/tangent_space.h>

namespace lsr
{
  TangentSpace::TangentSpace(const Network      &network,
                             const TangentBasis &basis,
                             const Sampling     &sampling,
                             const Residual     &residual,
                             const double        drop_tolerance)
    : network(network)
    , basis(basis)
    , sampling(sampling)
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
  TangentSpace::correction(const Column &z) const
  {
    const Column y = make_column(basis.n_directions());
    multiply(1., 'N', factors.T, z, 0., y);
    return basis.expand(y);
  }



  Column
  TangentSpace::change(const Column &correction) const
  {
    const Column all =
      make_column(sampling.points.extent(1) * network.n_outputs());
    network.jacobian_times(sampling.points,
                           as_block(correction),
                           as_block(all));
    return sampling.select(all);
  }



  double
  TangentSpace::seconds() const
  {
    return wall_time;
  }
} // namespace lsr
