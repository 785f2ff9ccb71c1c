// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "network/exported_module.h"

#include <lsr/base/exceptions.h>

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/peephole.h>
#include <torch/csrc/jit/runtime/interpreter.h>
#include <torch/version.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "network/equivalents.h"
#include "network/exported_operators.h"
#include "network/exported_weights.h"
#include "network/operators.h"
#include "network/torch_support.h"

namespace lsr
{
  namespace
  {
    using Argument   = ExportedProgram::Argument;
    using Kind       = ExportedProgram::Argument::Kind;
    using Input      = ExportedProgram::Input;
    using Node       = ExportedProgram::Node;
    using ScalarType = ExportedProgram::ScalarType;

    using torch::jit::Graph;
    using torch::jit::Module;
    using torch::jit::Value;

    const std::string aten_prefix = "torch.ops.aten.";



    /// An operator's name and overload.
    struct OperatorName
    {
      std::string name, overload;

      /// @p target without its prefix, such as "add.Tensor".
      explicit OperatorName(const std::string &target)
      {
        const std::size_t dot = target.rfind('.');
        name                  = target.substr(0, dot);
        if (dot != std::string::npos && target.substr(dot + 1) != "default")
          overload = target.substr(dot + 1);
      }

      std::string
      text() const
      {
        return "aten::" + name + (overload.empty() ? "" : "." + overload);
      }
    };



    bool
    is_complex(const ScalarType type)
    {
      return c10::isComplexType(to_torch(type));
    }



    Argument
    make_argument(const Kind kind, const std::int64_t integer = 0)
    {
      Argument argument;
      argument.kind    = kind;
      argument.integer = integer;
      return argument;
    }



    bool
    is_number(const Argument &argument)
    {
      return argument.kind == Kind::boolean || argument.kind == Kind::integer ||
             argument.kind == Kind::real || argument.kind == Kind::complex;
    }



    /// The leading size that all inputs have in common, if it is fixed: the
    /// batch size of the example.
    std::optional<std::int64_t>
    fixed_batch_size(const ExportedProgram &program)
    {
      std::optional<std::int64_t> result;
      for (const Input &input : program.inputs)
        {
          if (input.kind != Input::Kind::user)
            continue;
          const auto type = program.graph.types.find(input.name);
          if (type == program.graph.types.end() || type->second.sizes.empty() ||
              !type->second.sizes[0].fixed)
            return {};
          const auto size = type->second.sizes[0].value;
          if (!size || *size < 1 || (result && *result != *size))
            return {};
          result = size;
        }
      return result;
    }



    /// Builds forward() node by node.
    class GraphBuilder
    {
    public:
      GraphBuilder(const ExportedProgram &program, Graph &graph)
        : program(program)
        , graph(graph)
        , batch_size(fixed_batch_size(program))
      {}

      void
      run(const Module &module)
      {
        Value *const self = graph.addInput("self");
        self->setType(module.type());
        types = &program.graph.types;
        for (const Input &input : program.inputs)
          if (input.kind == Input::Kind::user)
            add_user_input(input.name);
          else if (input.kind != Input::Kind::fixed)
            values[input.name] =
              member(self, ExportedWeights::name_in_module(input.tensor));
        for (const Node &node : program.graph.nodes)
          add_checked(node);

        std::vector<Value *> results;
        for (const std::string &output : program.outputs)
          results.push_back(tensor(output));
        graph.registerOutput(
          results.size() == 1 ?
            results[0] :
            graph.insertNode(graph.createTuple(results))->output());
        torch::jit::EliminateDeadCode(graph.block());
      }

      /// Whether functions in the place of operators have been inserted.
      bool has_equivalents = false;

    private:
      void
      add_user_input(const std::string &name)
      {
        const auto type = types->find(name);
        if (type != types->end())
          require(ExportedProgram::is_floating(type->second.scalar_type),
                  "the input '" + name + "' has numbers of type " +
                    ExportedProgram::name_of(type->second.scalar_type) +
                    ", expected floating-point numbers");
        const bool is_name =
          !name.empty() && name != "self" &&
          !std::isdigit(static_cast<unsigned char>(name[0])) &&
          std::all_of(name.begin(), name.end(), [](const unsigned char c) {
            return std::isalnum(c) || c == '_';
          });
        Value *const value = graph.addInput(is_name ? name : "");
        value->setType(c10::TensorType::get());
        define(name, value);
        on_inputs.insert(name);
      }

      Value *
      member(Value *object, const std::string &path)
      {
        for (std::size_t begin = 0; begin < path.size();)
          {
            const std::size_t end =
              std::min(path.find('.', begin), path.size());
            object =
              graph.insertGetAttr(object, path.substr(begin, end - begin));
            begin = end + 1;
          }
        return object;
      }

      void
      define(const std::string &name, Value *value)
      {
        require(values.emplace(name, value).second,
                "the graph has two values of the name '" + name + "'");
      }

      Value *
      value(const std::string &name) const
      {
        const auto found = values.find(name);
        require(found != values.end(),
                "there is no value of the name '" + name +
                  "' before it is used");
        require(found->second != nullptr,
                "the value '" + name +
                  "' is a further result of an operator, which is not "
                  "supported");
        return found->second;
      }

      Value *
      tensor(const std::string &name) const
      {
        Value *const result = value(name);
        require(result->type()->isSubtypeOf(*c10::TensorType::get()),
                "'" + name + "' is not a tensor");
        return result;
      }

      void
      add_checked(const Node &node)
      {
        const std::string where =
          "node '" + node.name + "' (" + node.target + ")";
        try
          {
            add(node);
          }
        catch (const Error &error)
          {
            throw Error(where + ": " + error.what());
          }
        catch (const c10::Error &error)
          {
            throw Error(where + ": " + essence(error.what_without_backtrace()));
          }
      }

      void
      add(const Node &node)
      {
        if (std::any_of(node.inputs.begin(),
                        node.inputs.end(),
                        [&](const auto &input) {
                          return depends_on_inputs(input.second);
                        }))
          for (const Argument &output : node.outputs)
            mark_dependent(output);

        if (node.target.rfind(aten_prefix, 0) == 0)
          add_aten(node, OperatorName(node.target.substr(aten_prefix.size())));
        else if (node.target ==
                 "torch.ops.higher_order.wrap_with_set_grad_enabled")
          add_region(node);
        else if (node.target.rfind("torch.ops.", 0) == 0)
          throw Error("not an operator of ATen");
        else
          add_scalar_operation(node);
      }

      bool
      depends_on_inputs(const Argument &argument) const
      {
        return on_inputs.count(argument.text) > 0 ||
               std::any_of(argument.list.begin(),
                           argument.list.end(),
                           [&](const Argument &item) {
                             return depends_on_inputs(item);
                           });
      }

      void
      mark_dependent(const Argument &argument)
      {
        if (argument.kind == Kind::value)
          on_inputs.insert(argument.text);
        for (const Argument &item : argument.list)
          mark_dependent(item);
      }

      // ------------------------------------------------------ ATen operators

      using Arguments = std::map<std::string, Argument>;

      void
      add_aten(const Node &node, OperatorName op)
      {
        Arguments arguments;
        for (const auto &[name, argument] : node.inputs)
          require(arguments.emplace(name, argument).second,
                  "the argument '" + name + "' is given twice");
        if (is_assertion(op.name))
          return;
        if (op.name == "sym_size" || op.name == "sym_numel")
          {
            // The sizes are integers in TorchScript.
            std::vector<torch::jit::NamedValue> inputs = {
              tensor(arguments["self"].text)};
            if (op.name == "sym_size")
              inputs.emplace_back(integer(arguments["dim"]));
            define_output(node,
                          graph.insert(c10::Symbol::fromQualString(
                                         "aten::" + op.name.substr(4)),
                                       inputs));
            return;
          }
        if (op.name == "squeeze" && op.overload == "dims")
          {
            add_squeeze(node, arguments);
            return;
          }
        substitute(op, arguments);
        complete(node, op, arguments);
        if (const auto function = find_equivalent(
              op.name + (op.overload.empty() ? "" : "_" + op.overload)))
          add_equivalent(node, *function, arguments);
        else
          add_operator(node, op, arguments);
      }

      /// Dimensions that have the length 1 are left out one by one, from the
      /// last one on: LibTorch 1.13 does not know lists of them.
      void
      add_squeeze(const Node &node, Arguments &arguments)
      {
        const auto type = types->find(arguments["self"].text);
        require(type != types->end(), "the size of its argument is missing");
        const std::int64_t     rank = type->second.sizes.size();
        std::set<std::int64_t> dimensions;
        for (const Argument &item : arguments["dim"].list)
          {
            require(item.kind == Kind::integer && item.integer >= -rank &&
                      item.integer < rank,
                    "dimensions have to be numbers from 0 to " +
                      std::to_string(rank - 1));
            dimensions.insert((item.integer + rank) % rank);
          }
        Value *result = tensor(arguments["self"].text);
        for (auto d = dimensions.rbegin(); d != dimensions.rend(); ++d)
          result = graph.insert(c10::Symbol::fromQualString("aten::squeeze"),
                                {result, *d});
        define_output(node, result);
      }

      /// Exchange operators for others that say the same without memory
      /// formats, devices and uninitialized memory.
      void
      substitute(OperatorName &op, Arguments &arguments) const
      {
        static const std::map<std::string, std::string> zeros = {
          {"empty", "zeros"},
          {"empty_permuted", "zeros"},
          {"empty_strided", "zeros"},
          {"empty_like", "zeros_like"},
          {"new_empty", "new_zeros"},
          {"new_empty_strided", "new_zeros"}};
        const auto replacement = zeros.find(op.name);
        if (op.name.rfind("_scaled_dot_product_", 0) == 0)
          {
            op = OperatorName("scaled_dot_product_attention");
            if (arguments.count("attn_bias") > 0)
              arguments["attn_mask"] = arguments["attn_bias"];
            for (const std::string name : {"attn_bias",
                                           "compute_log_sumexp",
                                           "return_debug_mask",
                                           "dropout_mask"})
              arguments.erase(name);
          }
        else if (op.name == "_fused_rms_norm")
          op = OperatorName("rms_norm");
        else if (replacement != zeros.end())
          {
            op.name     = replacement->second;
            op.overload = "";
            for (const std::string name :
                 {"memory_format", "stride", "physical_layout"})
              arguments.erase(name);
          }
        else if (op.name == "_to_copy" ||
                 (op.name == "to" && op.overload != "other"))
          {
            const bool has_type = arguments.count("dtype") > 0 &&
                                  arguments["dtype"].kind != Kind::none;
            for (const std::string name :
                 {"layout", "device", "pin_memory", "memory_format"})
              arguments.erase(name);
            if (has_type)
              {
                op.name     = "to";
                op.overload = "dtype";
              }
            else
              {
                op.name     = "clone";
                op.overload = "";
                arguments   = {{"self", arguments["self"]}};
              }
          }
        else if (op.name == "alias" || op.name == "lift" ||
                 op.name == "lift_fresh")
          {
            op.name            = "view_as";
            arguments["other"] = arguments["self"];
          }
        else if (op.name == "where" && op.overload.rfind("Scalar", 0) == 0)
          op.overload = "self"; // numbers become tensors of known precision
        else if (op.overload == "Tensor" && arguments.count("other") > 0 &&
                 (is_number(arguments["other"]) ||
                  is_symbol(arguments["other"])) &&
                 find_schema(OperatorName(op.name + ".Scalar")))
          op.overload = "Scalar"; // as TorchScript has it
      }

      /// Whether an argument is a number that the graph computes.
      bool
      is_symbol(const Argument &argument) const
      {
        return argument.kind == Kind::value &&
               !value(argument.text)
                  ->type()
                  ->isSubtypeOf(*c10::TensorType::get());
      }

      /// Everything that depends on the example inputs or on defaults of
      /// Python.
      void
      complete(const Node         &node,
               const OperatorName &op,
               Arguments          &arguments) const
      {
        const auto probability =
          arguments.find(op.name == "dropout" ? "p" : "dropout_p");
        const bool trained =
          op.name != "dropout" ||
          (arguments.count("train") > 0 && arguments["train"].integer != 0);
        require(probability == arguments.end() || !trained ||
                  (probability->second.real == 0 &&
                   probability->second.integer == 0),
                "dropout is random: call model.eval() before "
                "torch.export.export()");
        free_batch_size(op, arguments);

        const auto schema = find_schema(op);
        const auto result = result_type(node);
        if (!schema || !result)
          return;
        const bool has_tensors = std::any_of(
          schema->arguments().begin(),
          schema->arguments().end(),
          [](const c10::Argument &argument) {
            return argument.type()->isSubtypeOf(*c10::TensorType::get()) ||
                   argument.type()->kind() == c10::TypeKind::ListType &&
                     argument.type()
                       ->expectRef<c10::ListType>()
                       .getElementType()
                       ->isSubtypeOf(*c10::TensorType::get());
          });
        Argument &type = arguments["dtype"];
        if (!has_tensors && schema->argumentIndexWithName("dtype") &&
            type.kind == Kind::none)
          type = make_argument(Kind::scalar_type, std::int64_t(*result));
        else if (type.kind == Kind::none)
          arguments.erase("dtype");
      }

      std::optional<ScalarType>
      scalar_type(const Argument &argument) const
      {
        const auto type = types->find(argument.text);
        if (argument.kind != Kind::value || type == types->end())
          return {};
        return type->second.scalar_type;
      }

      /// The type of the first result.
      std::optional<ScalarType>
      result_type(const Node &node) const
      {
        if (node.outputs.empty())
          return {};
        const Argument &first = node.outputs[0];
        return scalar_type(first.list.empty() ? first : first.list[0]);
      }

      /// Where the example's batch size has been written into the size of a
      /// view of the inputs: leave it open. The number of entries determines
      /// it, so that nothing changes for the example.
      void
      free_batch_size(const OperatorName &op, Arguments &arguments) const
      {
        if (!batch_size || !depends_on_inputs(arguments["self"]))
          return;
        const bool views = op.name == "view" || op.name == "reshape" ||
                           op.name == "_unsafe_view";
        if (!views && op.name != "expand")
          return;
        Argument &size = arguments[op.name == "reshape" ? "shape" : "size"];
        if (size.list.empty() ||
            std::any_of(size.list.begin(),
                        size.list.end(),
                        [](const Argument &item) {
                          return item.kind != Kind::integer || item.integer < 0;
                        }))
          return;
        if (views)
          {
            const auto place = std::find_if(
              size.list.begin(), size.list.end(), [&](const Argument &item) {
                return item.integer > 0 && item.integer % *batch_size == 0;
              });
            if (place != size.list.end())
              place->integer = -1;
          }
        else
          {
            std::int64_t &first = size.list[0].integer;
            const auto    type  = types->find(arguments["self"].text);
            if (type != types->end() &&
                type->second.sizes.size() == size.list.size() &&
                type->second.sizes[0].value == first)
              first = -1;
          }
      }

      static std::optional<c10::FunctionSchema>
      find_schema(const OperatorName &op)
      {
        const auto handle = c10::Dispatcher::singleton().findSchema(
          {"aten::" + op.name, op.overload});
        if (!handle)
          return {};
        return handle->schema();
      }

      void
      add_operator(const Node         &node,
                   const OperatorName &op,
                   const Arguments    &arguments)
      {
        require(is_pure_operator(op.name),
                op.text() +
                  " is not among the operators that are supported, which are "
                  "functions of their inputs");
        const auto schema = find_schema(op);
        require(schema.has_value(),
                "LibTorch " TORCH_VERSION " has no operator " + op.text() +
                  ", and no equivalent is known: use a newer LibTorch, or "
                  "export after run_decompositions()");
        const std::vector<Value *> inputs =
          convert(node, op.name, *schema, arguments);
        torch::jit::Node *const made = graph.insertNode(
          graph.create(c10::Symbol::fromQualString("aten::" + op.name),
                       inputs,
                       schema->returns().size()));
        for (std::size_t i = 0; i < made->outputs().size(); ++i)
          made->output(i)->setType(schema->returns()[i].type());
        const c10::FunctionSchema *const found = made->maybeSchema();
        require(found != nullptr &&
                  found->overload_name() == schema->overload_name(),
                "arguments do not fit to the operator " + op.text() +
                  " of LibTorch " TORCH_VERSION);
        define_outputs(node, made->outputs().vec());
      }

      void
      add_equivalent(const Node           &node,
                     torch::jit::Function &function,
                     const Arguments      &arguments)
      {
        const c10::FunctionSchema  schema = function.getSchema();
        const std::vector<Value *> inputs =
          convert(node, schema.name(), schema, arguments);
        define_outputs(node, {insert_call(function, inputs)});
      }

      Value *
      insert_call(torch::jit::Function       &function,
                  const std::vector<Value *> &inputs)
      {
        has_equivalents = true;
        return torch::jit::insertGraph(
                 graph,
                 *torch::jit::toGraphFunction(function).optimized_graph(),
                 inputs)
          .at(0);
      }

      // ----------------------------------------------------------- arguments

      /// The arguments of a schema, with its defaults.
      std::vector<Value *>
      convert(const Node                &node,
              const std::string         &op,
              const c10::FunctionSchema &schema,
              const Arguments           &arguments)
      {
        for (const auto &[name, argument] : arguments)
          require(schema.argumentIndexWithName(name).has_value() ||
                    argument.kind == Kind::none ||
                    (argument.kind == Kind::boolean && argument.integer == 0),
                  "the operator has no argument '" + name + "' in LibTorch " +
                    TORCH_VERSION);
        const std::optional<ScalarType> cast = type_to_cast_to(node, op);

        std::vector<Value *> result;
        for (const c10::Argument &formal : schema.arguments())
          {
            const auto given = arguments.find(formal.name());
            if (given != arguments.end())
              result.push_back(convert(given->second, formal, cast));
            else
              {
                const bool optional =
                  formal.type()->kind() == c10::TypeKind::OptionalType;
                require(formal.default_value().has_value() || optional,
                        "the argument '" + formal.name() + "' is missing");
                result.push_back(graph.insertConstant(
                  formal.default_value() ? *formal.default_value() :
                                           c10::IValue()));
              }
          }
        return result;
      }

      /// Where integers become floating-point numbers, LibTorch would use its
      /// default type: the type of the file, instead.
      std::optional<ScalarType>
      type_to_cast_to(const Node &node, const std::string &op) const
      {
        const auto result = result_type(node);
        if (!result || op == "where" ||
            !(ExportedProgram::is_floating(*result) || is_complex(*result)))
          return {};
        for (const auto &[name, argument] : node.inputs)
          for (const Argument &item : argument.kind == Kind::list ?
                                        argument.list :
                                        std::vector<Argument>{argument})
            {
              const auto type = scalar_type(item);
              if (type &&
                  (ExportedProgram::is_floating(*type) || is_complex(*type)))
                return {};
            }
        return result;
      }

      Value *
      convert(const Argument                  &argument,
              const c10::Argument             &formal,
              const std::optional<ScalarType> &cast)
      {
        c10::TypePtr type = formal.type();
        if (type->kind() == c10::TypeKind::OptionalType)
          {
            if (argument.kind == Kind::none)
              return graph.insertConstant(c10::IValue());
            type = type->expectRef<c10::OptionalType>().getElementType();
          }
        Value *result = nullptr;
        if (type->kind() == c10::TypeKind::ListType)
          result =
            convert_list(argument,
                         type->expectRef<c10::ListType>().getElementType(),
                         formal.N().value_or(1),
                         cast);
        else
          result = convert_one(argument, type, cast);
        require(result != nullptr,
                "the argument '" + formal.name() + "' should be of the type " +
                  type->str());
        return result;
      }

      Value *
      convert_list(const Argument                  &argument,
                   c10::TypePtr                     type,
                   const std::int64_t               n_copies,
                   const std::optional<ScalarType> &cast)
      {
        // One number stands for several.
        const std::vector<Argument> items =
          argument.kind == Kind::list ?
            argument.list :
            std::vector<Argument>(n_copies, argument);
        if (type->kind() == c10::TypeKind::IntType &&
            std::all_of(items.begin(), items.end(), [](const Argument &item) {
              return item.kind == Kind::integer;
            }))
          {
            c10::List<std::int64_t> list;
            for (const Argument &item : items)
              list.push_back(item.integer);
            return graph.insertConstant(list);
          }

        std::vector<Value *> elements;
        for (const Argument &item : items)
          {
            const bool optional = type->kind() == c10::TypeKind::OptionalType;
            const c10::TypePtr inner =
              optional ? type->expectRef<c10::OptionalType>().getElementType() :
                         type;
            elements.push_back(optional && item.kind == Kind::none ?
                                 graph.insertConstant(c10::IValue()) :
                                 convert_one(item, inner, cast));
            if (elements.back() == nullptr)
              return nullptr;
          }
        if (type->kind() == c10::TypeKind::SymIntType)
          type = c10::IntType::get();
        return graph.insertNode(graph.createList(type, elements))->output();
      }

      /// A null pointer if the argument is of another type.
      Value *
      convert_one(const Argument                  &argument,
                  const c10::TypePtr              &type,
                  const std::optional<ScalarType> &cast)
      {
        switch (type->kind())
          {
            case c10::TypeKind::TensorType:
              return convert_tensor(argument, cast);
            case c10::TypeKind::SymIntType:
            case c10::TypeKind::IntType:
              return convert_integer(argument);
            case c10::TypeKind::FloatType:
              if (argument.kind == Kind::integer)
                return graph.insertConstant(double(argument.integer));
              if (argument.kind == Kind::value &&
                  value(argument.text)->type()->kind() ==
                    c10::TypeKind::IntType)
                return graph.insert(c10::aten::Float, {value(argument.text)});
              return argument.kind == Kind::real ||
                         argument.kind == Kind::value ?
                       number(argument) :
                       nullptr;
            case c10::TypeKind::BoolType:
              return argument.kind == Kind::boolean ||
                         argument.kind == Kind::value ?
                       number(argument) :
                       nullptr;
            case c10::TypeKind::NumberType:
              // TorchScript's numbers are no truth values.
              return argument.kind == Kind::boolean ?
                       graph.insertConstant(argument.integer) :
                       number(argument);
            case c10::TypeKind::StringType:
              return argument.kind == Kind::text ?
                       graph.insertConstant(argument.text) :
                       nullptr;
            case c10::TypeKind::DeviceObjType:
              return argument.kind == Kind::device ?
                       graph.insertConstant(c10::Device(at::kCPU)) :
                       nullptr;
            default:
              return nullptr;
          }
      }

      Value *
      convert_tensor(const Argument                  &argument,
                     const std::optional<ScalarType> &cast)
      {
        if (argument.kind == Kind::value && !is_symbol(argument))
          {
            Value *const result = tensor(argument.text);
            if (!cast || scalar_type(argument) == std::nullopt)
              return result;
            return graph.insert(c10::aten::to,
                                {result, std::int64_t(to_torch(*cast))});
          }
        if (argument.kind == Kind::value)
          return graph.insert(c10::Symbol::fromQualString(
                                "aten::scalar_tensor"),
                              {value(argument.text)});
        if (argument.kind == Kind::real)
          return constant_tensor(at::scalar_tensor(argument.real, at::kDouble));
        if (argument.kind == Kind::integer)
          return constant_tensor(
            at::scalar_tensor(argument.integer, at::kLong));
        if (argument.kind == Kind::boolean)
          return constant_tensor(
            at::scalar_tensor(argument.integer != 0, at::kBool));
        return nullptr;
      }

      Value *
      constant_tensor(const at::Tensor &tensor)
      {
        return graph.insertConstant(tensor);
      }

      Value *
      convert_integer(const Argument &argument)
      {
        switch (argument.kind)
          {
            case Kind::scalar_type:
              return graph.insertConstant(
                std::int64_t(to_torch(ScalarType(argument.integer))));
            case Kind::memory_format:
              {
                // Contiguous, channels last, the same in 3d, preserve.
                const std::map<std::int64_t, std::int64_t> formats = {{1, 0},
                                                                      {2, 2},
                                                                      {3, 3},
                                                                      {4, 1}};
                require(formats.count(argument.integer) > 0,
                        "the memory format " +
                          std::to_string(argument.integer) + " is not known");
                return graph.insertConstant(formats.at(argument.integer));
              }
            case Kind::layout:
              {
                constexpr std::int64_t strided = 7;
                require(argument.integer == strided,
                        "sparse tensors are not supported");
                return graph.insertConstant(std::int64_t(at::kStrided));
              }
            case Kind::real:
              if (argument.real == double(std::int64_t(argument.real)))
                return graph.insertConstant(std::int64_t(argument.real));
              return nullptr;
            case Kind::boolean:
            case Kind::integer:
              return graph.insertConstant(argument.integer);
            case Kind::value:
              return integer(argument);
            default:
              return nullptr;
          }
      }

      Value *
      integer(const Argument &argument)
      {
        if (argument.kind == Kind::integer)
          return graph.insertConstant(argument.integer);
        require(argument.kind == Kind::value &&
                  value(argument.text)->type()->kind() ==
                    c10::TypeKind::IntType,
                "'" + argument.text + "' is not an integer");
        return value(argument.text);
      }

      /// A number; a null pointer for anything else.
      Value *
      number(const Argument &argument)
      {
        switch (argument.kind)
          {
            case Kind::boolean:
              return graph.insertConstant(argument.integer != 0);
            case Kind::integer:
              return graph.insertConstant(argument.integer);
            case Kind::real:
              return graph.insertConstant(argument.real);
            case Kind::complex:
              return graph.insertConstant(
                c10::complex<double>(argument.real, argument.imaginary));
            case Kind::value:
              return is_symbol(argument) ? value(argument.text) : nullptr;
            default:
              return nullptr;
          }
      }

      // ------------------------------------------------------------- results

      /// Kernels have further results, which must not be used.
      void
      define_outputs(const Node &node, const std::vector<Value *> &results)
      {
        for (std::size_t i = 0; i < node.outputs.size(); ++i)
          if (i < results.size())
            define_output(node.outputs[i], results[i]);
          else if (node.outputs[i].kind == Kind::value)
            define(node.outputs[i].text, nullptr);
      }

      void
      define_output(const Node &node, Value *value)
      {
        require(node.outputs.size() == 1, "expected one result");
        define_output(node.outputs[0], value);
      }

      void
      define_output(const Argument &output, Value *value)
      {
        if (output.kind == Kind::none)
          return;
        if (output.kind == Kind::value)
          {
            define(output.text, value);
            return;
          }
        require(output.kind == Kind::list &&
                  value->type()->kind() == c10::TypeKind::ListType,
                "results do not fit to the operator");
        torch::jit::Node *const unpack =
          graph.insertNode(graph.createListUnpack(value, output.list.size()));
        for (std::size_t i = 0; i < output.list.size(); ++i)
          if (output.list[i].kind == Kind::value)
            define(output.list[i].text, unpack->output(i));
      }

      // ------------------------------------------------- sizes and other
      // scalars

      void
      add_scalar_operation(const Node &node)
      {
        static const std::map<std::string, std::string> operations = {
          {"_operator.add", "aten::add"},
          {"_operator.sub", "aten::sub"},
          {"_operator.mul", "aten::mul"},
          {"_operator.truediv", "aten::div"},
          {"_operator.floordiv", "aten::floordiv"},
          {"_operator.mod", "aten::remainder"},
          {"_operator.pow", "aten::pow"},
          {"_operator.neg", "aten::neg"},
          {"_operator.eq", "aten::eq"},
          {"_operator.ne", "aten::ne"},
          {"_operator.lt", "aten::lt"},
          {"_operator.le", "aten::le"},
          {"_operator.gt", "aten::gt"},
          {"_operator.ge", "aten::ge"},
          {"_operator.and_", "aten::__and__"},
          {"_operator.or_", "aten::__or__"},
          {"torch.sym_not", "aten::__not__"},
          {"torch.sym_float", "aten::Float"},
          {"torch.sym_int", "aten::Int"},
          {"torch.sym_max", "prim::max"},
          {"torch.sym_min", "prim::min"},
          {"torch.sym_sqrt", "aten::sqrt"},
          {"torch._sym_sqrt", "aten::sqrt"},
          {"math.ceil", "aten::ceil"},
          {"math.floor", "aten::floor"},
          {"math.trunc", "aten::Int"},
          {"round", "aten::round"}};
        std::string name = node.target;
        for (const std::string start :
             {"torch.fx.experimental.sym_node.", "torch.functional."})
          if (name.rfind(start, 0) == 0)
            name = "torch." + name.substr(start.size());
        const auto operation = operations.find(name);
        require(operation != operations.end(),
                "not an operator of ATen, nor an operation on sizes that is "
                "known");
        std::vector<torch::jit::NamedValue> inputs;
        for (const auto &[key, argument] : node.inputs)
          {
            Value *const input = number(argument);
            require(input != nullptr, "'" + key + "' is not a number");
            inputs.emplace_back(input);
          }
        define_output(
          node,
          graph.insert(c10::Symbol::fromQualString(operation->second), inputs));
      }

      // -------------------------------------------------------------- regions

      /// What stands in torch.no_grad(): its results have no derivatives.
      void
      add_region(const Node &node)
      {
        const Argument               *region = nullptr;
        std::vector<const Argument *> inputs;
        for (const auto &[name, argument] : node.inputs)
          if (region != nullptr)
            inputs.push_back(&argument);
          else if (argument.kind == Kind::graph)
            region = &argument;
        require(region != nullptr, "there is no graph inside");
        const ExportedProgram::Graph &inner   = *region->graph;
        const Argument               &enabled = node.inputs.at(0).second;
        require(inner.inputs.size() == inputs.size(),
                "the graph inside has " + std::to_string(inner.inputs.size()) +
                  " inputs, expected " + std::to_string(inputs.size()));

        // Its names are its own.
        std::map<std::string, Value *> inside;
        std::set<std::string>          dependent;
        for (std::size_t i = 0; i < inputs.size(); ++i)
          {
            require(inputs[i]->kind == Kind::value &&
                      inner.inputs[i].kind == Kind::value,
                    "inputs of the graph inside have to be tensors");
            inside[inner.inputs[i].text] = value(inputs[i]->text);
            if (depends_on_inputs(*inputs[i]))
              dependent.insert(inner.inputs[i].text);
          }
        std::swap(values, inside);
        std::swap(on_inputs, dependent);
        const auto *const outer_types = types;
        types                         = &inner.types;
        for (const Node &inner_node : inner.nodes)
          add_checked(inner_node);
        std::vector<Value *> results;
        for (const Argument &output : inner.outputs)
          results.push_back(tensor(output.text));
        types = outer_types;
        std::swap(values, inside);
        std::swap(on_inputs, dependent);

        std::vector<Argument> outputs = node.outputs;
        if (outputs.size() == 1 && outputs[0].kind == Kind::list)
          outputs = std::vector<Argument>(outputs[0].list);
        require(outputs.size() == results.size(),
                "the number of results is not that of the graph inside");
        for (std::size_t i = 0; i < outputs.size(); ++i)
          define_output(outputs[i],
                        enabled.kind == Kind::boolean && enabled.integer == 1 ?
                          results[i] :
                          graph.insert(c10::aten::detach, {results[i]}));
      }

      const ExportedProgram            &program;
      Graph                            &graph;
      const std::optional<std::int64_t> batch_size;

      const std::map<std::string, ExportedProgram::TensorType> *types = nullptr;

      /// A null pointer for results that cannot be used.
      std::map<std::string, Value *> values;

      /// Names of values that depend on the inputs.
      std::set<std::string> on_inputs;
    };



    /// Points of the program's inputs, @p n_more more than in the example;
    /// nothing where sizes are not known.
    std::optional<torch::jit::Stack>
    example_inputs(const ExportedProgram &program, const std::int64_t n_more)
    {
      torch::jit::Stack stack;
      for (const Input &input : program.inputs)
        {
          if (input.kind != Input::Kind::user)
            continue;
          const auto type = program.graph.types.find(input.name);
          if (type == program.graph.types.end() || type->second.sizes.empty())
            return {};
          std::vector<std::int64_t> sizes;
          std::int64_t              n = 1;
          for (const ExportedProgram::Size &size : type->second.sizes)
            {
              constexpr std::int64_t limit = 1 << 20;
              if (!size.value || *size.value > limit || n > limit)
                return {};
              sizes.push_back(*size.value);
              n *= *size.value;
            }
          n = n / std::max<std::int64_t>(sizes[0], 1) * (sizes[0] + n_more);
          sizes[0] += n_more;
          stack.emplace_back(at::arange(n, at::kDouble)
                               .mul(0.618)
                               .frac()
                               .to(to_torch(type->second.scalar_type))
                               .reshape(sizes));
        }
      return stack;
    }



    /// The message of LibTorch if forward() cannot be evaluated.
    std::string
    failure(const Module                 &module,
            const std::shared_ptr<Graph> &graph,
            torch::jit::Stack             stack)
    {
      const at::NoGradGuard no_gradient;
      stack.insert(stack.begin(), module._ivalue());
      try
        {
          torch::jit::InterpreterState(
            torch::jit::Code(graph->copy(), "forward"))
            .run(stack);
          return "";
        }
      catch (const std::exception &error)
        {
          return essence(error.what());
        }
    }



    /// Whether an input has more than two dimensions: one sample at a time is
    /// evaluated then.
    bool
    takes_fields(const ExportedProgram &program)
    {
      return std::any_of(program.inputs.begin(),
                         program.inputs.end(),
                         [&](const Input &input) {
                           const auto type =
                             program.graph.types.find(input.name);
                           return input.kind == Input::Kind::user &&
                                  type != program.graph.types.end() &&
                                  type->second.sizes.size() > 2;
                         });
    }



    /// Throws where the example's batch size is part of the program.
    void
    check_batch_size(const ExportedProgram        &program,
                     const Module                 &module,
                     const std::shared_ptr<Graph> &graph)
    {
      const auto batch_size = fixed_batch_size(program);
      if (batch_size == 1 && takes_fields(program))
        return;
      const auto example = example_inputs(program, 0);
      const auto larger  = example_inputs(program, 2);
      if (!batch_size || !example || !larger ||
          !failure(module, graph, *example).empty())
        return;
      const std::string reason = failure(module, graph, *larger);
      require(reason.empty(),
              "the batch size " + std::to_string(*batch_size) +
                " of the example inputs is part of the program: export with "
                "dynamic_shapes=({0: torch.export.Dim(\"batch\")},), one for "
                "each input (" +
                reason + ")");
    }
  } // namespace



  torch::jit::Module
  make_module(const ExportedProgram &program)
  {
    register_operators();
    Module       module = ExportedWeights(program).make_module();
    auto         graph  = std::make_shared<Graph>();
    GraphBuilder builder(program, *graph);
    builder.run(module);
    if (builder.has_equivalents)
      {
        // Decides their branches.
        torch::jit::ConstantPropagationImmutableTypes(graph);
        torch::jit::PeepholeOptimize(graph);
        torch::jit::ConstantPropagationImmutableTypes(graph);
      }
    check_batch_size(program, module, graph);
    module.type()->addMethod(
      module._ivalue()->compilation_unit()->create_function(
        c10::QualifiedName(*module.type()->name(), "forward"), graph));
    return module;
  }
} // namespace lsr
