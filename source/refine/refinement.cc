// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/base/stopwatch.h>
#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/blas.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/tangent_space.h>

#include <KokkosBlas1_axpby.hpp>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace lsr
{
  namespace
  {
    Column
    copy(const Column &column)
    {
      const Column result = make_column(column.size());
      Kokkos::deep_copy(result, column);
      return result;
    }



    /// y += alpha x
    void
    add(const double alpha, const Column &x, const Column &y)
    {
      KokkosBlas::axpy(alpha, x, y);
    }



    /**
     * The reduced least-squares problem at one linearization: triangle $R$ and
     * $Q^T(-f)$ of $A Q$, or, in a dual norm, its normal equations.
     */
    struct ReducedProblem
    {
      bool   euclidean;
      Block  matrix;
      Column right_hand_side;
      double minimum_loss;

      LeastSquares
      least_squares() const
      {
        return euclidean ? LeastSquares(matrix, right_hand_side, minimum_loss) :
                           LeastSquares::from_normal_equations(matrix,
                                                               right_hand_side,
                                                               minimum_loss);
      }

      /// The same problem for the unknown plus @p offset.
      ReducedProblem
      about(const Column &offset) const
      {
        ReducedProblem moved  = *this;
        moved.right_hand_side = copy(right_hand_side);
        multiply(1., 'N', matrix, offset, 1., moved.right_hand_side);
        return moved;
      }
    };



    void
    check_rank(const RefinementParameters &parameters,
               const std::size_t           n_directions)
    {
      require(parameters.rank <= n_directions,
              "rank " + std::to_string(parameters.rank) +
                " exceeds the number of directions of the tangent basis, " +
                std::to_string(n_directions));
    }



    /// The state of one refinement: $u = q + Q z$ moves, $Q$ stays.
    class GaussNewton
    {
    public:
      GaussNewton(const Network              &network,
                  const TangentSpace         &space,
                  const Sampling             &sampling,
                  Residual                   &residual,
                  const RefinementParameters &parameters,
                  const bool                  own_space)
        : network(network)
        , space(space)
        , Q(space.columns())
        , sampling(sampling)
        , residual(residual)
        , parameters(parameters)
        , own_space(own_space)
      {}

      Refinement
      run()
      {
        start();
        unsigned int &n = result.n_linearizations;
        for (bool go_on = true; go_on && n < parameters.max_linearizations;)
          {
            ++n;
            go_on = step();
          }
        finish();
        return result;
      }

    private:
      void
      log(const std::string &line) const
      {
        if (parameters.progress)
          parameters.progress(line);
      }

      /// Rows of the network's prediction, with a correction or without.
      Column
      prediction(const Column &correction) const
      {
        const Column all =
          make_column(sampling.points.extent(1) * network.n_outputs());
        network.evaluate(sampling.points, all, correction);
        return sampling.select(all);
      }

      void
      start()
      {
        const std::size_t n_values = sampling.n_values(network.n_outputs());
        require(n_values == residual.n_values() && n_values == Q.extent(0),
                "the network gives " + std::to_string(n_values) +
                  " values at the given points, the residual expects " +
                  std::to_string(residual.n_values()) + ", the tangent space " +
                  std::to_string(Q.extent(0)));

        q = prediction({});
        u = copy(q);
        z = make_column(Q.extent(1));
        f = make_column(residual.n_rows());
        residual.linearize(u);
        residual.evaluate(u, f);
        norm = result.initial_norm = residual.norm(f);
        require(std::isfinite(norm),
                "the residual of the network is not finite");
        result.numerical_rank = Q.extent(1);
        log("  " + std::to_string(Q.extent(1)) + " of " +
            std::to_string(space.n_directions()) +
            " directions are independent");
      }

      /// The reduced problem for the change of z, at the present u.
      ReducedProblem
      linearize()
      {
        Block G = make_block(residual.n_rows(), Q.extent(1));
        {
          const Stopwatch stopwatch(result.seconds["tangent"]);
          if (result.n_linearizations > 1)
            relinearize();
          residual.apply_tangent(Q, G);
        }

        const Stopwatch stopwatch(result.seconds["solve"]);
        if (residual.euclidean())
          {
            const Column right_hand_side = make_column(f.size());
            add(-1., f, right_hand_side);
            AppendRowsQR qr(Q.extent(1));
            qr.append(G, right_hand_side);
            qr.reduce(residual.communicator());
            return {true, qr.R(), qr.z(), qr.rho2()};
          }

        const Block  S = residual.riesz(Q, G);
        const Block  N = make_block(Q.extent(1), Q.extent(1));
        const Column b = make_column(Q.extent(1));
        multiply(1., 'T', S, 'N', G, 0., N);
        multiply(-1., 'T', S, f, 0., b);
        residual.communicator().sum(N);
        residual.communicator().sum(b);
        ReducedProblem problem{false, N, b, 0.};
        const Column   all   = problem.least_squares().solve();
        problem.minimum_loss = std::pow(residual.norm(linear_residual(all)), 2);
        return problem;
      }

      /// Linearize at the present u. Rows of Dirichlet values, and the norm,
      /// may depend on the linearization.
      void
      relinearize()
      {
        residual.linearize(u);
        residual.evaluate(u, f);
        norm = residual.norm(f);
      }

      /// $f + A Q y$
      Column
      linear_residual(const Column &y) const
      {
        const Column change = make_column(u.size());
        multiply(1., 'N', Q, y, 0., change);
        const Column sum = make_column(f.size());
        residual.apply_tangent(as_block(change), as_block(sum));
        add(1., f, sum);
        return sum;
      }

      /// One Gauss-Newton step; returns whether another one may help.
      bool
      step()
      {
        const ReducedProblem problem       = linearize();
        const LeastSquares   least_squares = problem.least_squares();
        // In terms of the whole correction, not of its change.
        result.profile =
          problem.about(z).least_squares().profile(space.triangle());

        std::size_t rank = parameters.rank;
        if (rank == 0)
          rank = choose_rank(least_squares.profile(), parameters.rank_slack);
        rank                   = std::min(rank, least_squares.numerical_rank());
        const Column direction = least_squares.solve(rank);
        const double predicted = residual.norm(linear_residual(direction));
        const double before    = norm;
        const double length    = line_search(direction);
        if (length > 0)
          result.rank = std::max(result.rank, rank);

        std::ostringstream line;
        line << "  linearization " << result.n_linearizations << ": residual "
             << before << " -> " << norm << ", rank " << rank;
        if (length < 1)
          line << ", step length " << length;
        log(line.str());

        // Go on while the linear model is off and promises something. What a
        // damped step has gained may be little, and the next one yet be longer.
        const bool converged =
          norm <= parameters.tolerance * result.initial_norm;
        const bool model_is_exact =
          length == 1. && std::abs(norm - predicted) <= 1e-3 * predicted;
        return length > 0 && predicted < 0.99 * before && !model_is_exact &&
               !converged;
      }

      /// Move along the direction, halving the step until the residual gets
      /// smaller; returns the length of the step, 0 if there is none.
      double
      line_search(const Column &direction)
      {
        constexpr double shortest = 1. / 1024;

        const Column change = make_column(u.size());
        multiply(1., 'N', Q, direction, 0., change);
        const Column trial_f = make_column(f.size());
        for (double length = 1.; length >= shortest; length /= 2)
          {
            const Column trial_u = copy(u);
            add(length, change, trial_u);
            residual.evaluate(trial_u, trial_f);
            const double trial_norm = residual.norm(trial_f);
            if (!(trial_norm < norm)) // also if it is not a number
              continue;
            u    = trial_u;
            f    = trial_f;
            norm = trial_norm;
            add(length, direction, z);
            return length;
          }
        return 0.;
      }

      void
      finish()
      {
        const Column y    = space.coefficients(z);
        result.correction = space.correction(y);
        if (own_space)
          result.values = prediction(result.correction);
        else
          {
            result.values = space.change(y);
            add(1., q, result.values);
          }

        // What counts is the prediction that the correction gives, rounding
        // included.
        residual.evaluate(result.values, f);
        result.refined_norm = residual.norm(f);
        if (result.refined_norm < result.initial_norm)
          return;
        result.correction   = make_column(network.n_parameters());
        result.values       = q;
        result.refined_norm = result.initial_norm;
        result.rank         = 0;
      }

      const Network              &network;
      const TangentSpace         &space;
      const Block                &Q;
      const Sampling             &sampling;
      Residual                   &residual;
      const RefinementParameters &parameters;

      /// Whether the space is that of the very points of the sampling.
      const bool own_space;

      Column     q, u, f, z;
      double     norm = 0;
      Refinement result;
    };
  } // namespace



  Refinement
  refine(const Network              &network,
         const TangentSpace         &space,
         const Sampling             &sampling,
         Residual                   &residual,
         const RefinementParameters &parameters)
  {
    check_rank(parameters, space.n_directions());
    return GaussNewton(network, space, sampling, residual, parameters, false)
      .run();
  }



  Refinement
  refine(const Network              &network,
         const TangentBasis         &basis,
         const Sampling             &sampling,
         Residual                   &residual,
         const RefinementParameters &parameters)
  {
    check_rank(parameters, basis.n_directions());
    const TangentSpace space(
      network, basis, sampling, residual, parameters.drop_tolerance);
    Refinement result =
      GaussNewton(network, space, sampling, residual, parameters, true).run();
    result.seconds["reduce"] = space.seconds();
    return result;
  }
} // namespace lsr
