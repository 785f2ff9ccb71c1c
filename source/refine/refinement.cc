// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/refine/reduced_problem.h>
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



    void
    check_rank(const RefinementParameters &parameters,
               const std::size_t           n_directions)
    {
      if (!parameters.rank)
        return;
      const std::size_t rank = *parameters.rank;
      require(rank > 0, "rank 0: a positive number expected");
      require(rank <= n_directions,
              "rank " + std::to_string(rank) +
                " exceeds the number of directions of the tangent basis, " +
                std::to_string(n_directions));
    }



    /// Singular values of A B below this, relative to the largest, are
    /// rounding.
    constexpr double singular_tolerance = 1e-12;



    /// The state of one refinement: $u = q + B z$ moves, $B$ stays.
    class GaussNewton
    {
    public:
      GaussNewton(const TangentSpace         &space,
                  const Sampling             &sampling,
                  Residual                   &residual,
                  const RefinementParameters &parameters,
                  const bool                  own_space)
        : network(space.basis().network())
        , space(space)
        , B(space.columns())
        , sampling(sampling)
        , residual(residual)
        , parameters(parameters)
        , own_space(own_space)
      {}

      Refinement
      run()
      {
        if (own_space)
          result.timer = space.timer();
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

      void
      start()
      {
        const std::size_t n_values = sampling.n_values(network.n_outputs());
        require(n_values == residual.n_values() && n_values == B.extent(0),
                "the network gives " + std::to_string(n_values) +
                  " values at the given points, the residual expects " +
                  std::to_string(residual.n_values()) + ", the tangent space " +
                  std::to_string(B.extent(0)));
        require(!parameters.galerkin || residual.n_rows() == n_values,
                "Galerkin's method for a residual of " +
                  std::to_string(n_values) + " values and " +
                  std::to_string(residual.n_rows()) +
                  " rows: expected as many of each");

        q = sampling.evaluate(network);
        u = copy(q);
        z = make_column(B.extent(1));
        f = make_column(residual.n_rows());
        residual.linearize(u);
        residual.evaluate(u, f);
        norm = result.initial_norm = norm_of(f);
        require(std::isfinite(norm),
                "the residual of the network is not finite");
        result.numerical_rank = B.extent(1);
        log("  " + std::to_string(B.extent(1)) + " of " +
            std::to_string(space.basis().n_directions()) +
            " directions are independent");
      }

      /// The objective, for rows of the residual.
      double
      norm_of(const Column &rows) const
      {
        if (!parameters.galerkin)
          return residual.norm(rows);
        const Block tested =
          space.test(as_block(rows), residual.communicator());
        return lsr::norm(Column(tested.data(), tested.extent(0)));
      }

      /// The reduced problem for the change of z, at the present u.
      ReducedProblem
      reduce()
      {
        if (result.n_linearizations > 1)
          result.timer.run("jacobian", [&]() { relinearize(); });
        if (!parameters.galerkin)
          {
            ReducedProblem problem(B, f, residual);
            result.timer.add(problem.timer());
            return problem;
          }
        const Block matrix = result.timer.run("jacobian", [&]() -> Block {
          return space.galerkin_matrix(residual);
        });
        const Timer::Stage stage(result.timer, "solve");
        const Block tested = space.test(as_block(f), residual.communicator());
        return ReducedProblem::galerkin(matrix,
                                        Column(tested.data(),
                                               tested.extent(0)));
      }

      /// Linearize at the present u. Rows of Dirichlet values, and the norm,
      /// may depend on the linearization.
      void
      relinearize()
      {
        residual.linearize(u);
        residual.evaluate(u, f);
        norm = norm_of(f);
      }

      /// $f + A B y$
      Column
      linear_residual(const Column &y) const
      {
        const Column change = make_column(u.size());
        multiply(1., 'N', B, y, 0., change);
        const Column sum = make_column(f.size());
        residual.apply_jacobian(as_block(change), as_block(sum));
        add(1., f, sum);
        return sum;
      }

      /// One Gauss-Newton step; returns whether another one may help.
      bool
      step()
      {
        const ReducedProblem problem = reduce();
        const LeastSquares   least_squares =
          problem.least_squares(Pivoting::none, singular_tolerance);
        // In terms of the whole correction, not of its change.
        result.profile = least_squares.about(z).profile(space.triangle());

        std::size_t rank = parameters.rank ? *parameters.rank :
                                             choose_rank(least_squares.losses(),
                                                         parameters.rank_slack);
        // Columns of B are well-conditioned: where those of A B depend on each
        // other, A is singular, and parts of the values are not determined.
        const bool singular =
          least_squares.numerical_rank() < B.extent(1) && !parameters.rank;
        if (singular)
          {
            rank = B.extent(1);
            log("  the Jacobian is singular to rounding on the tangent space: "
                "the shortest correction is taken");
          }
        else
          rank = std::min(rank, least_squares.numerical_rank());
        const Column direction =
          singular ? problem.shortest_solution(singular_tolerance,
                                               space.orthonormal_factor(
                                                 residual.communicator())) :
                     least_squares.solve(rank);
        const double predicted = norm_of(linear_residual(direction));
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
        multiply(1., 'N', B, direction, 0., change);
        const Column trial_f = make_column(f.size());
        for (double length = 1.; length >= shortest; length /= 2)
          {
            const Column trial_u = copy(u);
            add(length, change, trial_u);
            residual.evaluate(trial_u, trial_f);
            const double trial_norm = norm_of(trial_f);
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
        result.correction = space.basis().expand(y);
        if (own_space)
          result.values = sampling.evaluate(network, result.correction);
        else
          {
            result.values = space.change(y);
            add(1., q, result.values);
          }

        // The prediction that the correction gives is decisive, rounding
        // included.
        residual.evaluate(result.values, f);
        result.refined_norm = norm_of(f);
        if (result.refined_norm < result.initial_norm)
          {
            warn_of_large_correction();
            return;
          }
        result.correction   = make_column(network.n_parameters());
        result.values       = q;
        result.refined_norm = result.initial_norm;
        result.rank         = 0;
      }

      /// A correction that is out of proportion does not pass in silence.
      void
      warn_of_large_correction() const
      {
        const Column difference = copy(u);
        add(-1., q, difference);
        const auto length = [&](const Column &x) {
          return std::sqrt(residual.communicator().sum(dot(x, x)));
        };
        const double values = length(q), change = length(difference);
        if (change <= 1e3 * values)
          return;
        std::ostringstream line;
        line << "  warning: the correction is " << change / values
             << " times as large as the values of the network; is the solution "
                "determined?";
        log(line.str());
      }

      const Network              &network;
      const TangentSpace         &space;
      const Block                &B;
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
  refine(const TangentSpace         &space,
         const Sampling             &sampling,
         Residual                   &residual,
         const RefinementParameters &parameters)
  {
    check_rank(parameters, space.basis().n_directions());
    return GaussNewton(space, sampling, residual, parameters, false).run();
  }



  Refinement
  refine(const TangentBasis         &basis,
         const Sampling             &sampling,
         Residual                   &residual,
         const RefinementParameters &parameters)
  {
    check_rank(parameters, basis.n_directions());
    const TangentSpace space(basis,
                             sampling,
                             residual,
                             parameters.drop_tolerance);
    return GaussNewton(space, sampling, residual, parameters, true).run();
  }
} // namespace lsr
