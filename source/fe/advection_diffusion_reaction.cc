// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/fe/equation_registry.h>

#include <algorithm>

namespace lsr
{
  template <int dim>
  AdvectionDiffusionReaction<dim>::AdvectionDiffusionReaction(
    const std::string &section)
    : AdvectionDiffusionReaction(Parameters(), section)
  {}


  template <int dim>
  AdvectionDiffusionReaction<dim>::AdvectionDiffusionReaction(
    const Parameters  &parameters,
    const std::string &section)
    : WeakForm<dim>(1)
    , dealii::ParameterAcceptor(section)
    , parameters(parameters)
  {
    declare_parameters();
    parse_parameters_call_back.connect([this]() { compile(); });
    compile();
  }


  template <int dim>
  void
  AdvectionDiffusionReaction<dim>::declare_parameters()
  {
    const std::string variables = std::string("x, y, z").substr(0, 3 * dim - 2);

    add_parameter("Constants",
                  parameters.constants,
                  "Numbers that may be used by name in all expressions, as in "
                  "\"nu: 0.01, k: 2\". pi and e are always known.");
    add_parameter("Functions",
                  parameters.functions,
                  "Expressions in " + variables +
                    " that may be used by name in all others, as in \"k: 1 + "
                    "x^2; w: sin(pi*x)\".",
                  this->prm,
                  dealii::Patterns::Map(dealii::Patterns::Anything(),
                                        dealii::Patterns::Anything(),
                                        0,
                                        dealii::Patterns::Map::max_int_value,
                                        ";",
                                        ":"));
    add_parameter("Diffusion",
                  parameters.diffusion,
                  "The positive coefficient a in -div(a grad u) + b . grad u + "
                  "c = f: an expression in " +
                    variables +
                    " and u, in the syntax of muParser. Or one "
                    "for each coordinate, separated by commas; 0 for time.");
    add_parameter("Advection",
                  parameters.advection,
                  "The velocity b: " + std::to_string(dim) +
                    " expressions in " + variables +
                    " and u, separated by commas. Empty means zero.");
    add_parameter("Reaction",
                  parameters.reaction,
                  "The term c: an expression in " + variables +
                    " and u, for example u^3 - u.");
    add_parameter("Exact solution",
                  parameters.exact_solution,
                  "The exact solution, if it is known: an expression in " +
                    variables + ". May be empty.");
    add_parameter("Right hand side",
                  parameters.right_hand_side,
                  "The function f: an expression in " + variables +
                    ", or the word manufactured, which derives f from the "
                    "exact solution.");
    add_parameter("Reference solution",
                  parameters.reference_solution,
                  "A solution that no expression gives, to measure errors: a "
                  "name, or a name, a colon and numbers. Known are " +
                    describe_reference_solutions<dim>() + ".");
    add_parameter("Dirichlet conditions",
                  parameters.dirichlet,
                  "Boundary ids with the values of u, as in \"0: sin(pi*x); "
                  "1: 0\". The word all stands for all ids that are not "
                  "mentioned in any condition, the word manufactured for the "
                  "exact solution.");
    add_parameter("Neumann conditions",
                  parameters.neumann,
                  "Boundary ids with the flux g = a du/dn: an expression in " +
                    variables +
                    " and u, or manufactured. Boundary ids without any "
                    "condition have g = 0.");
    add_parameter("Robin conditions",
                  parameters.robin,
                  "Boundary ids with alpha and g in a du/dn + alpha u = g, "
                  "separated by a comma, as in \"2: 10, 10*sin(y); 3: 1, "
                  "manufactured\".");
  }


  template <int dim>
  void
  AdvectionDiffusionReaction<dim>::compile()
  {
    compile_diffusion();

    reaction = parse_coefficient(parameters.reaction, "Reaction");

    advection.clear();
    if (!dealii::Utilities::trim(parameters.advection).empty())
      for (const auto &text : split_expressions(parameters.advection))
        advection.push_back(parse_coefficient(text, "Advection"));
    AssertThrow(advection.empty() || advection.size() == dim,
                dealii::ExcMessage("The velocity \"" + parameters.advection +
                                   "\" in <" + location("Advection") +
                                   "> has " + std::to_string(advection.size()) +
                                   " components. Expected were " +
                                   std::to_string(dim) + "."));
    if (std::all_of(advection.begin(), advection.end(), [](const auto &b) {
          return b.value.is_zero();
        }))
      advection.clear();
    check_diffusion();

    exact.reset();
    if (!dealii::Utilities::trim(parameters.exact_solution).empty())
      exact = parse(parameters.exact_solution, "Exact solution", coordinates);

    compile_reference();

    right_hand_side =
      dealii::Utilities::trim(parameters.right_hand_side) == manufactured ?
        manufactured_right_hand_side() :
        parse(parameters.right_hand_side, "Right hand side", coordinates);

    compile_boundary_terms();
  }


  template <int dim>
  void
  AdvectionDiffusionReaction<dim>::compile_diffusion()
  {
    diffusion.clear();
    for (const auto &text : split_expressions(parameters.diffusion))
      diffusion.push_back(parse_coefficient(text, "Diffusion"));
    AssertThrow(diffusion.size() == 1 || diffusion.size() == dim,
                dealii::ExcMessage("The diffusion \"" + parameters.diffusion +
                                   "\" in <" + location("Diffusion") +
                                   "> has " + std::to_string(diffusion.size()) +
                                   " entries. Expected were 1 or " +
                                   std::to_string(dim) + "."));
  }


  template <int dim>
  void
  AdvectionDiffusionReaction<dim>::check_diffusion() const
  {
    bool positive = !advection.empty();
    for (const Coefficient &a : diffusion)
      {
        const bool is_negative =
          a.value.is_constant() && a.value.value(dealii::Point<dim>()) < 0.;
        positive = positive || !a.value.is_zero();
        AssertThrow(!is_negative,
                    dealii::ExcMessage("The diffusion coefficient \"" +
                                       parameters.diffusion + "\" in <" +
                                       location("Diffusion") +
                                       "> is not positive."));
      }
    AssertThrow(positive,
                dealii::ExcMessage(
                  "The diffusion coefficient \"" + parameters.diffusion +
                  "\" in <" + location("Diffusion") + "> is not positive."));
  }


  template <int dim>
  void
  AdvectionDiffusionReaction<dim>::compile_reference()
  {
    reference.reset();
    const std::string text =
      dealii::Utilities::trim(parameters.reference_solution);
    if (text.empty())
      return;
    try
      {
        require(!exact, "expected none beside an exact solution");
        const auto          colon = std::min(text.find(':'), text.size());
        std::vector<double> numbers;
        if (colon < text.size())
          for (const auto &number : split_expressions(text.substr(colon + 1)))
            {
              const Scalar value =
                parse(number, "Reference solution", coordinates);
              require(value.is_constant(), "expected numbers behind the colon");
              numbers.push_back(value.value(dealii::Point<dim>()));
            }
        reference = make_reference_solution<dim>(
          dealii::Utilities::trim(text.substr(0, colon)), numbers);
      }
    catch (const Error &error)
      {
        AssertThrow(false,
                    dealii::ExcMessage("\"" + text + "\" in <" +
                                       location("Reference solution") +
                                       ">: " + error.what() + "."));
      }
  }


  template <int dim>
  void
  AdvectionDiffusionReaction<dim>::compile_boundary_terms()
  {
    std::map<dealii::types::boundary_id, std::string> used;
    const auto claim = [&](const dealii::types::boundary_id id,
                           const std::string               &name) {
      const auto inserted = used.emplace(id, name);
      AssertThrow(inserted.second,
                  dealii::ExcMessage(
                    "Boundary id " +
                    (id == all_boundaries ? "all" : std::to_string(id)) +
                    " has an entry in <" + location(inserted.first->second) +
                    "> and in <" + location(name) + ">."));
    };

    dirichlet.clear();
    for (const auto &[id, texts] : parse_boundary_expressions(
           parameters.dirichlet, location("Dirichlet conditions"), 1))
      {
        claim(id, "Dirichlet conditions");
        const Scalar value =
          texts[0] == manufactured ?
            require_exact_solution("Dirichlet conditions") :
            parse(texts[0], "Dirichlet conditions", coordinates);
        dirichlet[id] =
          std::make_shared<ExpressionFunction<dim>>(std::vector<Scalar>{value});
      }

    boundary_terms.clear();
    exact_flux.clear();
    const auto add_terms = [&](const std::string &conditions,
                               const std::string &name,
                               const unsigned int n_expressions) {
      for (const auto &[id, texts] : parse_boundary_expressions(conditions,
                                                                location(name),
                                                                n_expressions))
        {
          claim(id, name);
          AssertThrow(texts.size() == n_expressions,
                      dealii::ExcMessage("The entry of boundary id " +
                                         std::to_string(id) + " in <" +
                                         location(name) +
                                         "> has no coefficient alpha."));
          BoundaryTerm &term = boundary_terms[id];
          if (n_expressions == 2)
            term.alpha = parse_coefficient(texts[0], name);
          term.manufactured = texts.back() == manufactured;
          if (!term.manufactured)
            term.data = parse_coefficient(texts.back(), name);
          else if (exact_flux.empty())
            {
              require_exact_solution(name);
              exact_flux = manufactured_flux();
            }
        }
    };
    add_terms(parameters.neumann, "Neumann conditions", 1);
    add_terms(parameters.robin, "Robin conditions", 2);

    // "All" are those that nothing else is said about.
    for (const auto &[id, term] : boundary_terms)
      if (dirichlet.count(all_boundaries) > 0)
        dirichlet.emplace(id, nullptr);
  }


  template <int dim>
  Expression<dim>
  AdvectionDiffusionReaction<dim>::parse(
    const std::string               &text,
    const std::string               &name,
    const typename Scalar::Variables variables) const
  {
    return Scalar(text,
                  location(name),
                  parameters.constants,
                  variables,
                  parameters.functions);
  }


  template <int dim>
  Expression<dim>
  AdvectionDiffusionReaction<dim>::parse_function(const std::string &text,
                                                  const std::string &name) const
  {
    return Scalar(text,
                  name,
                  parameters.constants,
                  Scalar::Variables::coordinates,
                  parameters.functions);
  }


  template <int dim>
  void
  AdvectionDiffusionReaction<dim>::set_functions(
    const std::map<std::string, std::string> &functions)
  {
    for (const auto &[name, text] : functions)
      parameters.functions[name] = text;
    compile();
  }


  template <int dim>
  typename AdvectionDiffusionReaction<dim>::Coefficient
  AdvectionDiffusionReaction<dim>::parse_coefficient(
    const std::string &text,
    const std::string &name) const
  {
    const Scalar value =
      parse(text, name, Scalar::Variables::coordinates_and_solution);
    return {value, value.derivative("u")};
  }


  template <int dim>
  const Expression<dim> &
  AdvectionDiffusionReaction<dim>::require_exact_solution(
    const std::string &name) const
  {
    AssertThrow(exact.has_value(),
                dealii::ExcMessage(
                  "<" + location(name) +
                  "> is manufactured from the exact solution, but <" +
                  location("Exact solution") + "> is empty."));
    return *exact;
  }


  template <int dim>
  std::vector<Expression<dim>>
  AdvectionDiffusionReaction<dim>::manufactured_flux() const
  {
    std::vector<Scalar> flux;
    for (unsigned int d = 0; d < dim; ++d)
      flux.push_back(diffusion[std::min<std::size_t>(d, diffusion.size() - 1)]
                       .value.substitute_solution(*exact) *
                     exact->derivative(d));
    return flux;
  }


  template <int dim>
  Expression<dim>
  AdvectionDiffusionReaction<dim>::manufactured_right_hand_side() const
  {
    const Scalar &u    = require_exact_solution("Right hand side");
    const auto    flux = manufactured_flux();

    Scalar f = reaction.value.substitute_solution(u);
    for (unsigned int d = 0; d < dim; ++d)
      {
        f = f - flux[d].derivative(d);
        if (!advection.empty())
          f = f + advection[d].value.substitute_solution(u) * u.derivative(d);
      }
    return f;
  }


  template <int dim>
  std::string
  AdvectionDiffusionReaction<dim>::location(const std::string &name) const
  {
    return get_section_name() + "/" + name;
  }


  template <int dim>
  void
  AdvectionDiffusionReaction<dim>::evaluate(
    const dealii::Point<dim>              &x,
    const dealii::ArrayView<const double> &jet,
    const dealii::ArrayView<double>       &flux) const
  {
    const double u = jet[0];
    flux[0]        = reaction.value.value(x, u) - right_hand_side.value(x);
    for (unsigned int d = 0; d < advection.size(); ++d)
      flux[0] += advection[d].value.value(x, u) * jet[1 + d];
    double a = 0.;
    for (unsigned int d = 0; d < dim; ++d)
      {
        if (d < diffusion.size())
          a = diffusion[d].value.value(x, u);
        flux[1 + d] = a * jet[1 + d];
      }
  }


  template <int dim>
  void
  AdvectionDiffusionReaction<dim>::jacobian(
    const dealii::Point<dim>              &x,
    const dealii::ArrayView<const double> &jet,
    dealii::FullMatrix<double>            &jacobian) const
  {
    const double u = jet[0];

    jacobian       = 0.;
    jacobian(0, 0) = reaction.derivative.value(x, u);
    for (unsigned int d = 0; d < advection.size(); ++d)
      {
        jacobian(0, 0) += advection[d].derivative.value(x, u) * jet[1 + d];
        jacobian(0, 1 + d) = advection[d].value.value(x, u);
      }
    double a = 0., a_u = 0.;
    for (unsigned int d = 0; d < dim; ++d)
      {
        if (d < diffusion.size())
          {
            a   = diffusion[d].value.value(x, u);
            a_u = diffusion[d].derivative.value(x, u);
          }
        jacobian(1 + d, 0)     = a_u * jet[1 + d];
        jacobian(1 + d, 1 + d) = a;
      }
  }


  template <int dim>
  bool
  AdvectionDiffusionReaction<dim>::has_boundary_term(
    const dealii::types::boundary_id id) const
  {
    return find_boundary_term(id) != nullptr;
  }


  template <int dim>
  void
  AdvectionDiffusionReaction<dim>::evaluate_boundary(
    const dealii::types::boundary_id       id,
    const dealii::Point<dim>              &x,
    const dealii::Tensor<1, dim>          &normal,
    const dealii::ArrayView<const double> &u,
    const dealii::ArrayView<double>       &g) const
  {
    const BoundaryTerm &term  = *find_boundary_term(id);
    const double        alpha = term.alpha.value.value(x, u[0]);
    g[0]                      = alpha * u[0];
    if (!term.manufactured)
      g[0] -= term.data.value.value(x, u[0]);
    else
      {
        const double u_exact = exact->value(x);
        g[0] -= term.alpha.value.value(x, u_exact) * u_exact;
        for (unsigned int d = 0; d < dim; ++d)
          g[0] -= exact_flux[d].value(x) * normal[d];
      }
  }


  template <int dim>
  void
  AdvectionDiffusionReaction<dim>::boundary_jacobian(
    const dealii::types::boundary_id id,
    const dealii::Point<dim>        &x,
    const dealii::Tensor<1, dim> & /*normal*/,
    const dealii::ArrayView<const double> &u,
    dealii::FullMatrix<double>            &jacobian) const
  {
    const BoundaryTerm &term = *find_boundary_term(id);
    jacobian(0, 0)           = term.alpha.value.value(x, u[0]) +
                     term.alpha.derivative.value(x, u[0]) * u[0] -
                     term.data.derivative.value(x, u[0]);
  }


  template <int dim>
  const typename AdvectionDiffusionReaction<dim>::BoundaryTerm *
  AdvectionDiffusionReaction<dim>::find_boundary_term(
    const dealii::types::boundary_id id) const
  {
    const auto found = boundary_terms.find(id);
    if (found != boundary_terms.end())
      return &found->second;
    if (dirichlet.count(id) > 0)
      return nullptr;
    const auto others = boundary_terms.find(all_boundaries);
    return others != boundary_terms.end() ? &others->second : nullptr;
  }


  template <int dim>
  bool
  AdvectionDiffusionReaction<dim>::is_linear() const
  {
    const auto independent = [](const Scalar &expression) {
      return !expression.depends_on("u");
    };
    return independent(reaction.derivative) &&
           std::all_of(diffusion.begin(),
                       diffusion.end(),
                       [&](const auto &a) { return independent(a.value); }) &&
           std::all_of(advection.begin(),
                       advection.end(),
                       [&](const auto &b) { return independent(b.value); }) &&
           std::all_of(boundary_terms.begin(),
                       boundary_terms.end(),
                       [&](const auto &entry) {
                         return independent(entry.second.alpha.value) &&
                                independent(entry.second.data.derivative);
                       });
  }


  template <int dim>
  bool
  AdvectionDiffusionReaction<dim>::is_symmetric_positive_definite() const
  {
    const auto non_negative = [](const Scalar &expression) {
      return expression.is_constant() &&
             expression.value(dealii::Point<dim>()) >= 0.;
    };
    return is_linear() && advection.empty() &&
           std::none_of(diffusion.begin(),
                        diffusion.end(),
                        [](const auto &a) { return a.value.is_zero(); }) &&
           non_negative(reaction.derivative) &&
           std::all_of(boundary_terms.begin(),
                       boundary_terms.end(),
                       [&](const auto &entry) {
                         return non_negative(entry.second.alpha.value) &&
                                entry.second.data.derivative.is_zero();
                       });
  }


  template <int dim>
  std::vector<double>
  AdvectionDiffusionReaction<dim>::constant_diffusion() const
  {
    std::vector<double> result;
    for (unsigned int d = 0; d < dim; ++d)
      {
        const Scalar &a =
          diffusion[std::min<std::size_t>(d, diffusion.size() - 1)].value;
        AssertThrow(a.is_constant(),
                    dealii::ExcMessage("The diffusion \"" +
                                       parameters.diffusion + "\" in <" +
                                       location("Diffusion") +
                                       "> is not constant. The strong form of "
                                       "the equation is only available for "
                                       "numbers."));
        result.push_back(a.value(dealii::Point<dim>()));
      }
    return result;
  }


  template <int dim>
  BoundaryFunctions<dim>
  AdvectionDiffusionReaction<dim>::dirichlet_conditions() const
  {
    return dirichlet;
  }


  template <int dim>
  std::shared_ptr<const dealii::Function<dim>>
  AdvectionDiffusionReaction<dim>::exact_solution() const
  {
    if (!exact)
      return reference;
    return std::make_shared<ExpressionFunction<dim>>(
      std::vector<Scalar>{*exact});
  }


  template class AdvectionDiffusionReaction<1>;
  template class AdvectionDiffusionReaction<2>;
  template class AdvectionDiffusionReaction<3>;
} // namespace lsr
