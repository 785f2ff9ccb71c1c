// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "refine/geodesic_acceleration.h"

#include <KokkosBlas1_axpby.hpp>
#include <KokkosBlas1_nrm2.hpp>
#include <KokkosBlas1_scal.hpp>

#include <exception>

namespace lsr
{
  namespace
  {
    /// The part of the step by which values are differenced.
    constexpr double h = 0.1;

    /// Beyond this $\|y_2\| / \|y\|$ steps are not accelerated: Transtrum and
    /// Sethna's 0.75 for twice $y_2$.
    constexpr double largest_ratio = 0.375;



    bool
    has_transposed_jacobian(const Residual &residual)
    {
      try
        {
          residual.require_transposed_jacobian();
          return true;
        }
      catch (const std::exception &)
        {
          return false;
        }
    }



    Network
    moved(const Network &network, const double length, const Column &change)
    {
      Network      result = network.clone();
      const Column theta  = result.parameters();
      KokkosBlas::axpy(length, change, theta);
      result.set_parameters(theta);
      return result;
    }
  } // namespace



  GeodesicAcceleration::GeodesicAcceleration(const TangentBasis &basis,
                                             const Column       &y)
    : basis(basis)
    , y(y)
    , ahead(moved(basis.network(), h, basis.expand(y)))
    , behind(moved(basis.network(), -h, basis.expand(y)))
    , gradient(make_column(basis.network().n_parameters()))
  {}



  void
  GeodesicAcceleration::add(const AlignmentObjective &objective,
                            const double              scale)
  {
    const Sampling &sampling = objective.sampling;
    Residual       &residual = *objective.residual;

    if (!has_transposed_jacobian(residual))
      return;
    const Column g = objective.rows(sampling.evaluate(basis.network()));
    KokkosBlas::scal(g, -2., g);
    for (const Network *network : {&ahead, &behind})
      KokkosBlas::axpy(1., objective.rows(sampling.evaluate(*network)), g);

    const Block slope = make_block(residual.n_values(), 1);
    residual.apply_transposed_jacobian(
      residual.inner_product().solve(as_block(g)), slope);
    residual.set_zero(slope);
    KokkosBlas::axpy(scale * scale / (h * h),
                     sampling.transposed_jacobian_times(basis.network(), slope),
                     as_block(gradient));
  }



  Column
  GeodesicAcceleration::step(const ReducedProblem &problem,
                             const double          lambda,
                             const Communicator   &communicator) const
  {
    const Column sum = make_column(gradient.size());
    KokkosBlas::axpy(-0.5, gradient, sum);
    communicator.sum(sum);
    const Column result = problem.solve_damped(lambda, basis.contract(sum));
    if (!(KokkosBlas::nrm2(result) <= largest_ratio * KokkosBlas::nrm2(y)))
      return y;
    KokkosBlas::axpy(1., y, result);
    return result;
  }
} // namespace lsr
