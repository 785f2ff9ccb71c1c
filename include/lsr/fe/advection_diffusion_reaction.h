// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_advection_diffusion_reaction_h
#define lsr_fe_advection_diffusion_reaction_h

#include <lsr/fe/expression.h>
#include <lsr/fe/weak_form.h>

#include <deal.II/base/parameter_acceptor.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lsr
{
  /**
   * The scalar equation
   * @f[
   *   -\nabla \cdot (a(x,u) \nabla u) + b(x,u) \cdot \nabla u + c(x,u) = f(x)
   * @f]
   * whose coefficients are expressions in a parameter file. The diffusion
   * $a$ is a number or a diagonal tensor, one entry for each coordinate: on
   * space-time meshes, where time is the last coordinate, that of time is 0,
   * and $b$ is 1 there. Boundary
   * conditions are Dirichlet ($u = g$), Neumann ($a \partial_n u = g$) and
   * Robin ($a \partial_n u + \alpha u = g$); where nothing is said,
   * $a \partial_n u = 0$.
   *
   * If there is an exact solution, the word `manufactured` may stand for the
   * right hand side and for any boundary data $g$: they are then derived from
   * the exact solution. Derivatives with respect to $u$ are exact.
   *
   * @code
   * subsection Equation
   *   set Diffusion             = 1 + 0.1 * u^2
   *   set Exact solution        = sin(pi*x) * sin(pi*y)
   *   set Right hand side       = manufactured
   *   set Dirichlet conditions  = all: manufactured; 1: 0
   * end
   * @endcode
   *
   * The diffusion coefficient is taken to be positive, except for entries that
   * are the number 0; all of them may be where there is advection.
   *
   * Expressions may use functions of the coordinates by name, whose texts are
   * given once. With set_functions() one equation stands for many instances,
   * which differ in a source or a coefficient, say.
   */
  template <int dim>
  class AdvectionDiffusionReaction : public WeakForm<dim>,
                                     public dealii::ParameterAcceptor
  {
  public:
    /// The parameters that a parameter file may set.
    struct Parameters
    {
      /// $a(x,u)$, or its diagonal entries, separated by commas.
      std::string diffusion = "1";

      /// The components of $b(x,u)$, separated by commas; empty for zero.
      std::string advection = "";

      /// $c(x,u)$
      std::string reaction = "0";

      /// $f(x)$, or `manufactured`.
      std::string right_hand_side = "0";

      /// The exact solution, or nothing.
      std::string exact_solution = "";

      /// The name of a registered solution and its numbers, as in
      /// `burgers: 0.01`, or nothing; see LSR_REGISTER_REFERENCE_SOLUTION.
      std::string reference_solution = "";

      /// "id: g; id: g"; see parse_boundary_expressions().
      std::string dirichlet = "all: 0";

      /// "id: g; id: g"
      std::string neumann = "";

      /// "id: alpha, g; id: alpha, g"
      std::string robin = "";

      /// Numbers with names.
      Constants constants;

      /// Expressions with names, in the coordinates and constants.
      std::map<std::string, std::string> functions;
    };

    /// Laplace's equation, until @p section of a parameter file is read.
    explicit AdvectionDiffusionReaction(
      const std::string &section = "Equation");

    /**
     * The equation with the given @p parameters, which become the defaults of
     * @p section of a parameter file.
     */
    explicit AdvectionDiffusionReaction(
      const Parameters  &parameters,
      const std::string &section = "Equation");

    /// Give the named functions other texts; functions that are not among
    /// @p functions keep theirs. Throws as parsing the parameters does.
    void
    set_functions(const std::map<std::string, std::string> &functions);

    /// The parameter @p name of the parameter file, with the named
    /// functions in it, as a function of the coordinates.
    Expression<dim>
    parse_function(const std::string &text, const std::string &name) const;

    void
    evaluate(const dealii::Point<dim>              &x,
             const dealii::ArrayView<const double> &jet,
             const dealii::ArrayView<double>       &flux) const override;

    void
    jacobian(const dealii::Point<dim>              &x,
             const dealii::ArrayView<const double> &jet,
             dealii::FullMatrix<double>            &jacobian) const override;

    bool
    has_boundary_term(const dealii::types::boundary_id id) const override;

    void
    evaluate_boundary(const dealii::types::boundary_id       id,
                      const dealii::Point<dim>              &x,
                      const dealii::Tensor<1, dim>          &normal,
                      const dealii::ArrayView<const double> &u,
                      const dealii::ArrayView<double>       &g) const override;

    void
    boundary_jacobian(const dealii::types::boundary_id       id,
                      const dealii::Point<dim>              &x,
                      const dealii::Tensor<1, dim>          &normal,
                      const dealii::ArrayView<const double> &u,
                      dealii::FullMatrix<double> &jacobian) const override;

    /// True if $a$, $b$, $c_u$ and $\alpha$ do not depend on $u$.
    bool
    is_linear() const override;

    /**
     * True if the equation is linear, $b = 0$, no entry of $a$ is 0, and $c_u$
     * and all $\alpha$ are non-negative numbers.
     */
    bool
    is_symmetric_positive_definite() const override;

    /**
     * The diagonal entries of $a$ where they are numbers, so that with the
     * first entry $s$ of the flux (see WeakForm) the strong residual is
     * $s(x, u, \nabla u) - \sum_d a_d\, \partial_d^2 u$. Throws if an entry
     * depends on a coordinate or on $u$.
     */
    std::vector<double>
    constant_diffusion() const;

    BoundaryFunctions<dim>
    dirichlet_conditions() const override;

    std::shared_ptr<const dealii::Function<dim>>
    exact_solution() const override;

  private:
    using Scalar = Expression<dim>;

    static constexpr auto coordinates = Scalar::Variables::coordinates;

    /// A coefficient and its derivative with respect to u.
    struct Coefficient
    {
      Scalar value;
      Scalar derivative;
    };

    /// The boundary term $\alpha(x,u)\,u - g$.
    struct BoundaryTerm
    {
      Coefficient alpha;
      Coefficient data;

      /// $g$ is the exact flux plus $\alpha$ times the exact solution.
      bool manufactured = false;
    };

    void
    declare_parameters();

    void
    compile_diffusion();

    /// Throw if a constant entry of the diffusion is negative, or if there is
    /// neither diffusion nor advection.
    void
    check_diffusion() const;

    void
    compile_reference();

    /// Parse all expressions and derive what has to be derived.
    void
    compile();

    void
    compile_boundary_terms();

    Scalar
    parse(const std::string               &text,
          const std::string               &name,
          const typename Scalar::Variables variables) const;

    Coefficient
    parse_coefficient(const std::string &text, const std::string &name) const;

    /// The exact solution, after checking that there is one for @p name.
    const Scalar &
    require_exact_solution(const std::string &name) const;

    /// $f$ such that the exact solution solves the equation.
    Scalar
    manufactured_right_hand_side() const;

    /// $a(x, u^*) \nabla u^*$ for the exact solution $u^*$.
    std::vector<Scalar>
    manufactured_flux() const;

    /// The boundary term on faces with @p id, or a null pointer.
    const BoundaryTerm *
    find_boundary_term(const dealii::types::boundary_id id) const;

    /// The path of the parameter called @p name.
    std::string
    location(const std::string &name) const;

    Parameters parameters;

    /// One for each coordinate, or one for all.
    std::vector<Coefficient> diffusion;
    std::vector<Coefficient> advection;
    Coefficient              reaction;
    std::optional<Scalar>    exact;

    /// The reference solution, if there is one.
    std::shared_ptr<const dealii::Function<dim>> reference;

    Scalar right_hand_side;

    /// Filled only if boundary data are manufactured.
    std::vector<Scalar> exact_flux;

    std::map<dealii::types::boundary_id, BoundaryTerm> boundary_terms;
    BoundaryFunctions<dim>                             dirichlet;
  };
} // namespace lsr

#endif
