// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>
#include <lsr/fe/error_message.h>
#include <lsr/fe/field_output.h>

#include <deal.II/base/thread_local_storage.h>
#include <deal.II/numerics/data_out.h>
#include <deal.II/numerics/data_postprocessor.h>

#include <algorithm>
#include <filesystem>
#include <list>
#include <optional>
#include <sstream>

#include "ghosted.h"

namespace lsr
{
  using namespace dealii;

  namespace
  {
    namespace Interpretation = DataComponentInterpretation;

    /// Names in the file of the components of a field.
    std::vector<std::string>
    component_names(const std::string &name,
                    const unsigned int n_components,
                    const bool         is_vector)
    {
      std::vector<std::string> names(n_components, name);
      if (!is_vector && n_components > 1)
        for (unsigned int c = 0; c < n_components; ++c)
          names[c] += "_" + std::to_string(c);
      return names;
    }

    std::vector<Interpretation::DataComponentInterpretation>
    interpretation(const unsigned int n_components, const bool is_vector)
    {
      return std::vector<Interpretation::DataComponentInterpretation>(
        n_components,
        is_vector ? Interpretation::component_is_part_of_vector :
                    Interpretation::component_is_scalar);
    }

    /// A function that remembers its values at the points where each thread
    /// has asked for them last: the points of a cell, for one field after the
    /// other.
    template <int dim>
    class RememberedFunction
    {
    public:
      explicit RememberedFunction(const Function<dim> &function)
        : function(function)
      {}

      const std::vector<Vector<double>> &
      values(const std::vector<Point<dim>> &points)
      {
        auto &[known_points, values] = memory.get();
        if (known_points != points)
          {
            values.assign(points.size(), Vector<double>(function.n_components));
            function.vector_value_list(points, values);
            known_points = points;
          }
        return values;
      }

      const Function<dim> &function;

    private:
      Threads::ThreadLocalStorage<
        std::pair<std::vector<Point<dim>>, std::vector<Vector<double>>>>
        memory;
    };

    /// The exact solution $u$, or the error of a field, $u_h - u$, at each
    /// point.
    template <int dim>
    class AgainstExact : public DataPostprocessor<dim>
    {
    public:
      AgainstExact(const std::string       &name,
                   RememberedFunction<dim> &exact,
                   const bool               is_error,
                   const bool               is_vector)
        : exact(exact)
        , names(component_names(name, exact.function.n_components, is_vector))
        , is_error(is_error)
        , is_vector(is_vector)
      {}

      std::vector<std::string>
      get_names() const override
      {
        return names;
      }

      std::vector<Interpretation::DataComponentInterpretation>
      get_data_component_interpretation() const override
      {
        return interpretation(names.size(), is_vector);
      }

      UpdateFlags
      get_needed_update_flags() const override
      {
        return update_values | update_quadrature_points;
      }

      void
      evaluate_scalar_field(
        const DataPostprocessorInputs::Scalar<dim> &inputs,
        std::vector<Vector<double>>                &quantities) const override
      {
        quantities = exact.values(inputs.evaluation_points);
        for (unsigned int q = 0; is_error && q < quantities.size(); ++q)
          quantities[q][0] = inputs.solution_values[q] - quantities[q][0];
      }

      void
      evaluate_vector_field(
        const DataPostprocessorInputs::Vector<dim> &inputs,
        std::vector<Vector<double>>                &quantities) const override
      {
        quantities = exact.values(inputs.evaluation_points);
        for (unsigned int q = 0; is_error && q < quantities.size(); ++q)
          quantities[q].sadd(-1., inputs.solution_values[q]);
      }

    private:
      RememberedFunction<dim>       &exact;
      const std::vector<std::string> names;
      const bool                     is_error, is_vector;
    };

    /// Collects fields and keeps alive what DataOut only points to.
    template <int dim>
    class VtuFile
    {
    public:
      VtuFile(const Mapping<dim> &mapping, const DoFHandler<dim> &dof_handler)
        : mapping(mapping)
        , dof_handler(dof_handler)
        , n_components(dof_handler.get_fe().n_components())
        , is_vector(n_components == dim && dim > 1)
      {}

      void
      add_field(const std::string &name, const FEVector &field)
      {
        data_out.add_data_vector(dof_handler,
                                 keep(field),
                                 component_names(name, n_components, is_vector),
                                 interpretation(n_components, is_vector));
      }

      /// Add the @p exact solution as a field, or the error of @p field.
      void
      add_against_exact(const std::string       &name,
                        RememberedFunction<dim> &exact,
                        const FEVector          &field,
                        const bool               is_error)
      {
        postprocessors.emplace_back(name, exact, is_error, is_vector);
        data_out.add_data_vector(dof_handler,
                                 keep(field),
                                 postprocessors.back());
      }

      /// Add the difference of two fields.
      void
      add_difference(const std::string &name,
                     const FEVector    &field,
                     const FEVector    &reference)
      {
        FEVector difference(field);
        difference -= reference;
        add_field(name, difference);
      }

      void
      write(const std::string &path, const MPI_Comm communicator)
      {
        DataOutBase::VtkFlags flags;
        const unsigned int    n = n_subdivisions();
        // Those of simplices are quadratic by their subdivision.
        flags.write_higher_order_cells = dim > 1 && has_hyper_cubes();
        data_out.set_flags(flags);
        data_out.build_patches(mapping, n, DataOut<dim>::curved_inner_cells);

        if (Utilities::MPI::n_mpi_processes(communicator) == 1)
          {
            // DataOut does not report a full disk.
            std::ostringstream text;
            data_out.write_vtu(text);
            write_atomically(path,
                             [&](std::ostream &out) { out << text.str(); });
          }
        else
          write_together(path, communicator);
      }

    private:
      /// The degree of the cells in the file: one more than that of the fields,
      /// so that errors are seen between the nodes, where they are larger than
      /// at these. Lines of higher order are not supported, and shown in
      /// pieces; simplices have no more nodes than their fields, and those
      /// that deal.II writes at most 2 in each direction.
      unsigned int
      n_subdivisions() const
      {
        const unsigned int degree = dof_handler.get_fe().degree;
        if (dim == 1)
          return 4 * (degree + 1);
        return has_hyper_cubes() ? degree + 1 : std::min(degree, 2u);
      }

      bool
      has_hyper_cubes() const
      {
        return dof_handler.get_triangulation()
          .all_reference_cells_are_hyper_cube();
      }

      const FEVector &
      keep(const FEVector &field)
      {
        vectors.push_back(ghosted(dof_handler, field));
        return vectors.back();
      }

      /// All ranks write their cells into one temporary file, which then takes
      /// its name.
      void
      write_together(const std::string &path, const MPI_Comm communicator) const
      {
        namespace fs                = std::filesystem;
        const std::string temporary = path + ".partial";

        // An early failure on one rank, before the others wait for it in
        // collective output, is one clear message on all of them.
        on_first_rank(communicator, [&]() {
          write_atomically(temporary, [](std::ostream &) {});
        });
        try
          {
            data_out.write_vtu_in_parallel(temporary, communicator);
          }
        catch (const std::exception &exception)
          {
            std::error_code ignored;
            fs::remove(temporary, ignored);
            throw Error("Cannot write the file '" + path +
                        "': " + error_message(exception));
          }
        on_first_rank(communicator, [&]() {
          std::error_code error;
          fs::rename(temporary, path, error);
          if (error)
            {
              std::error_code ignored;
              fs::remove(temporary, ignored);
            }
          require(!error,
                  "Cannot write the file '" + path + "': " + error.message());
        });
      }

      const Mapping<dim>          &mapping;
      const DoFHandler<dim>       &dof_handler;
      const unsigned int           n_components;
      const bool                   is_vector;
      std::list<FEVector>          vectors;
      std::list<AgainstExact<dim>> postprocessors;
      // Last, so that it lets go of the others before they are gone.
      DataOut<dim> data_out;
    };

    /// Write @p fields, their errors if @p exact is given, and differences of
    /// all fields but the last one to it if they are wanted.
    template <int dim>
    void
    write(const std::string     &path,
          const Mapping<dim>    &mapping,
          const DoFHandler<dim> &dof_handler,
          const NamedFields     &fields,
          const Function<dim>   *exact,
          const bool             with_differences)
    {
      AssertThrow(!fields.empty(),
                  ExcMessage("There is no field to be written to '" + path +
                             "'."));
      std::optional<RememberedFunction<dim>> remembered;
      VtuFile<dim>                           file(mapping, dof_handler);
      for (const auto &[name, field] : fields)
        file.add_field(name, *field);
      const FEVector &last = *fields.back().second;
      if (exact != nullptr)
        {
          remembered.emplace(*exact);
          file.add_against_exact("exact", *remembered, last, false);
          for (const auto &[name, field] : fields)
            file.add_against_exact("error_" + name, *remembered, *field, true);
        }
      if (with_differences)
        for (std::size_t f = 0; f + 1 < fields.size(); ++f)
          file.add_difference("difference_" + fields[f].first,
                              *fields[f].second,
                              last);
      file.write(path, last.get_mpi_communicator());
    }
  } // namespace

  template <int dim>
  void
  write_vtu(const std::string     &path,
            const Mapping<dim>    &mapping,
            const DoFHandler<dim> &dof_handler,
            const NamedFields     &fields,
            const Function<dim>   *exact)
  {
    write(path, mapping, dof_handler, fields, exact, false);
  }

  template <int dim>
  void
  write_vtu(const std::string &path, const ComparedFields<dim> &fields)
  {
    write(path,
          fields.mapping,
          fields.dof_handler,
          {{"network", &fields.network},
           {"refined", &fields.refined},
           {"fem", &fields.fem}},
          fields.exact,
          true);
  }

#define LSR_INSTANTIATE(dim)                       \
  template void write_vtu(const std::string &,     \
                          const Mapping<dim> &,    \
                          const DoFHandler<dim> &, \
                          const NamedFields &,     \
                          const Function<dim> *);  \
  template void write_vtu(const std::string &, const ComparedFields<dim> &);

  LSR_INSTANTIATE(1)
  LSR_INSTANTIATE(2)
  LSR_INSTANTIATE(3)

#undef LSR_INSTANTIATE
} // namespace lsr
